'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')

/**
 * Starts a program of `trials` in a process of its own, with `input` as its argument. Resolves when it
 * sends its message, with this and the promise of its end. `profile`: a folder for a CPU profile.
 */
async function start (program, input, { signal, profile }) {
  const execArgv = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const child = fork(program, [JSON.stringify(input)], { execArgv, signal })
  const exited = once(child, 'exit')
  const failed = exited.then(([code, by]) => { throw new Error(`A trial ended with ${by ?? code}.`) })
  failed.catch(() => {}) // having sent its message, it may end
  const [message] = await Promise.race([once(child, 'message'), failed])
  return { child, exited, message }
}

/** Runs a program that ends by itself, and resolves with its message. */
async function result (program, input, options) {
  const { exited, message } = await start(program, input, options)
  await exited
  return message
}

/** Runs a program that goes on until it is told to end, for as long as `body(message)` takes. */
async function during (program, input, options, body) {
  const { child, exited, message } = await start(program, input, options)
  const figures = await body(message)
  child.send('end')
  await exited
  return figures
}

module.exports = { during, result }
