'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const os = require('node:os')
const path = require('node:path')

const root = path.join(__dirname, '..')
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']
const parent = process.ppid
const hasGroups = process.platform !== 'win32'

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
async function step (command, args, { missing, stdio = 'inherit' } = {}) {
  let output = ''
  try {
    const code = await supervise(command, args, { stdio }, child => {
      child.stdout?.setEncoding('utf8').on('data', text => { output += text })
    })
    if (code !== 0) throw new Error(`This step failed: ${command} ${args.join(' ')}`)
  } catch (error) {
    if (error.code === 'ENOENT' && missing) throw new Error(missing, { cause: error })
    throw error
  }
  return output
}

/**
 * Runs a command on this terminal; resolves with its exit code. After `timeoutMS` it ends the command.
 * `onStart` is given a child process with which it can exchange messages.
 */
function run (command, args, env = {}, { timeoutMS, onStart } = {}) {
  const stdio = onStart ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
  return supervise(command, args, { env: { ...process.env, ...env }, stdio, timeoutMS }, onStart)
}

/**
 * Resolves with a command's exit code, above 128 if a signal ended it. A signal that would end this process
 * goes to the command and all that it has started, so that the caller can clean up after it. The event loop
 * is left free, which a running mongod needs: it blocks when nobody reads its log.
 */
async function supervise (command, args, { timeoutMS, ...options }, onStart = () => {}) {
  // In a process group of its own, which ends as one: cargo does not end the compilers that it has started.
  const child = spawn(command, args, { cwd: root, detached: hasGroups, ...options })
  onStart(child)
  const pass = signal => end(child, signal)
  for (const signal of endSignals) process.on(signal, pass)
  // npm runs scripts through a shell, and the shell dies of a signal to npm without a word to us.
  const orphaned = setInterval(() => { if (process.ppid !== parent) pass('SIGTERM') }, 500)
  const overdue = timeoutMS && setTimeout(pass, timeoutMS, 'SIGTERM')
  try {
    const [code, signal] = await once(child, 'close')
    return code ?? 128 + os.constants.signals[signal]
  } finally {
    clearInterval(orphaned)
    clearTimeout(overdue)
    for (const signal of endSignals) process.off(signal, pass)
  }
}

function end ({ pid }, signal) {
  if (pid === undefined) return // it could not be started
  try {
    process.kill(hasGroups ? -pid : pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // it has ended by itself
  }
}

module.exports = { root, main, step, run }
