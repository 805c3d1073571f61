'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')

const { testUrl } = require('./stores')

/**
 * Runs a script in a process of its own, for what a test runner must not do to itself: crash, warn, exit. The
 * script finds the package as `MongoStore`, express-session as `session` and the connection string as `url`.
 * Resolves when it has ended.
 */
function runScript (script, { env, cwd, timeoutMS = 30_000 } = {}) {
  // In an app's folder of its own, the script says itself what it wants.
  const prelude = cwd ? '' : `
    const MongoStore = require('connect-mongo-native')
    const session = require('express-session')
    const url = process.env.TEST_URL\n`
  return runNode(['-e', prelude + script], {
    cwd: cwd ?? path.join(__dirname, '..'), env: { ...env, TEST_URL: testUrl() }, timeoutMS
  })
}

/** The same of a script in a file, which finds only what is around it. `preload`: a file to load first. */
function runScriptFile (file, { preload, env, cwd, timeoutMS = 30_000 }) {
  return runNode(['--require', preload, file], { cwd, env, timeoutMS })
}

function runNode (args, { cwd, env, timeoutMS }) {
  const child = spawn(process.execPath, args, {
    cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMS
  })
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', text => { output[stream] += text })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...output }))
  })
}

module.exports = { runScript, runScriptFile }
