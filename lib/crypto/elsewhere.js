'use strict'

const path = require('path')
const { Worker } = require('worker_threads')

// Large payloads are encrypted and decrypted on one thread of our own, started when the first one comes.

let worker
let last = 0
const jobs = new Map()

/** Calls `open` or `seal` of rows.js on that thread. */
function elsewhere (method, ...args) {
  return new Promise((resolve, reject) => {
    worker ??= start()
    worker.ref() // whoever waits for a session keeps the process alive; the idle thread does not
    const id = ++last
    jobs.set(id, { resolve, reject })
    worker.postMessage({ id, method, args })
  })
}

function start () {
  // Not the app's flags: some, such as --expose-gc or --inspect, are refused by threads, or start things.
  const started = new Worker(path.join(__dirname, 'worker.js'), { execArgv: [] })
  started.on('message', ({ id, value, failure }) => {
    const job = jobs.get(id)
    jobs.delete(id)
    if (jobs.size === 0) started.unref()
    if (failure === undefined) job.resolve(value)
    else job.reject(new Error(failure))
  })
  const lost = () => {
    if (worker !== started) return
    worker = undefined // the next payload starts another
    const left = [...jobs.values()]
    jobs.clear()
    for (const { reject } of left) reject(new Error('the thread that encrypts sessions ended'))
  }
  started.on('error', lost)
  started.on('exit', lost)
  return started
}

module.exports = { elsewhere }
