'use strict'

// npx connect-mongo-native, as a process of its own.

const { spawn } = require('node:child_process')
const path = require('node:path')

const { testUrl } = require('./stores')

const BIN = path.join(__dirname, '../../bin/connect-mongo-native.js')

/**
 * Runs the command; `input` is what it reads, `env` comes on top of the environment, where MONGODB_URL is the
 * tests' database. Kills it when `until` resolves.
 */
async function command (args, { bin = BIN, cwd, env, input = '', until } = {}) {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...process.env, MONGODB_URL: testUrl(), ...env }, timeout: 120_000
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', text => { stderr += text })
  child.stdin.on('error', () => {}).end(input) // it may have ended already
  const ended = new Promise(resolve => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
  if (until) {
    await until()
    child.kill('SIGKILL')
  }
  return ended
}

/** Runs the command with `--json`; resolves to `{ code, stderr, result }`. */
async function jsonOf (args, options) {
  const { stdout, ...ended } = await command([...args, '--json'], options)
  return { ...ended, result: stdout === '' ? undefined : JSON.parse(stdout) }
}

module.exports = { command, jsonOf }
