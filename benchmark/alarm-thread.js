'use strict'

// The thread of an Alarm: it sleeps in Atomics.wait, which is as exact as the system's timers.

const { parentPort, workerData: due } = require('node:worker_threads')

/** Where no time is set. */
const NEVER = 0n

for (;;) {
  const at = Atomics.load(due, 0)
  const left = at === NEVER ? Infinity : Number(at - process.hrtime.bigint()) / 1e6
  // Another time than `at` ends the wait, or keeps it from beginning.
  if (left > 0) Atomics.wait(due, 0, at, left)
  else if (Atomics.compareExchange(due, 0, at, NEVER) === at) parentPort.postMessage('due')
}
