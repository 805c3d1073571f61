'use strict'

const path = require('path')
const { Worker } = require('worker_threads')
const { packageFolder } = require('../support/location')
const { Promise } = require('../support/realm')
const { warn } = require('../support/warnings')
const rows = require('./rows')

// Large payloads are encrypted and decrypted on one thread of our own, started when the first one comes.

/** The thread's; undefined where there is none, as in a bundle. */
let file = packageFolder && path.join(packageFolder, 'lib', 'crypto', 'worker.js')
let worker
let last = 0
const jobs = new Map()

/** Calls `open` or `seal` of rows.js on that thread. */
function onWorkerThread (method, ...args) {
  if (file === undefined) return here({ method, args })
  return new Promise((resolve, reject) => {
    worker ??= start()
    worker.ref() // whoever waits for a session keeps the process alive; the idle thread does not
    const id = ++last
    jobs.set(id, { method, args, resolve, reject })
    worker.postMessage({ id, method, args })
  })
}

function start () {
  // Not the app's flags: some, such as --expose-gc or --inspect, are refused by threads, or start things.
  const started = new Worker(file, { execArgv: [] })
  let isReady = false
  started.on('message', ({ ready, id, value, failure }) => {
    if (ready) {
      isReady = true
      return
    }
    const job = jobs.get(id)
    jobs.delete(id)
    if (jobs.size === 0) started.unref()
    if (failure === undefined) job.resolve(value)
    else job.reject(new Error(failure))
  })
  const lost = () => {
    if (worker !== started) return
    worker = undefined // the next payload starts another
    if (!isReady) file = undefined
    const left = [...jobs.values()]
    jobs.clear()
    for (const job of left) {
      if (isReady) job.reject(new Error('the thread that encrypts sessions ended'))
      else here(job).then(job.resolve, job.reject)
    }
  }
  started.on('error', lost)
  started.on('exit', lost)
  return started
}

/** What the thread would have done. */
async function here ({ method, args }) {
  warn('CONNECT_MONGO_NO_CRYPTO_THREAD', 'large sessions are encrypted and decrypted on the event loop, since ' +
    'the thread for them cannot be started: a bundle does not hold its file')
  try {
    return rows[method](...args)
  } catch {
    throw new Error(`could not ${method} a session`) // as worker.js says it
  }
}

module.exports = { onWorkerThread }
