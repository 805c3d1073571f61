'use strict'

const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const os = require('node:os')
const path = require('node:path')

const root = path.join(__dirname, '..')
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']
const parent = process.ppid

/** Runs a script's body. What it resolves with is the exit code; an error is shown without its stack. */
function main (body) {
  body().then(
    (code = 0) => { process.exitCode = code },
    error => {
      console.error(`\n${error.message}`)
      process.exitCode = 1
    }
  )
}

/** Does a step of the set-up; returns its output, if piped. `missing`: the error without such a command. */
function step (command, args, { missing, stdio = 'inherit' } = {}) {
  // 64 MiB: cargo describes each crate that it considered in a line of a few kB.
  const result = spawnSync(command, args, { cwd: root, stdio, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (result.error?.code === 'ENOENT' && missing) throw new Error(missing)
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error(`This step failed: ${command} ${args.join(' ')}`)
  return result.stdout
}

/**
 * Runs a command on this terminal and resolves with its exit code, above 128 when a signal ended it. A signal
 * that would end this process goes to the command, so that the caller can clean up after it. Unlike `step` it
 * leaves the event loop free, which a running mongod needs: it blocks when nobody reads its log. After
 * `timeoutMS` it ends the command.
 */
async function run (command, args, env = {}, { timeoutMS } = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit', timeout: timeoutMS }
  const child = spawn(command, args, options)
  const pass = signal => child.kill(signal)
  for (const signal of endSignals) process.on(signal, pass)
  // npm runs scripts through a shell, and the shell dies of a signal to npm without a word to us.
  const orphaned = setInterval(() => { if (process.ppid !== parent) pass('SIGTERM') }, 500)
  try {
    const [code, signal] = await once(child, 'exit')
    return code ?? 128 + os.constants.signals[signal]
  } finally {
    clearInterval(orphaned)
    for (const signal of endSignals) process.off(signal, pass)
  }
}

module.exports = { root, main, step, run }
