'use strict'

const { performance } = require('perf_hooks')
const timers = require('timers')

// What this package is driven by, as it is when the package is loaded. Apps and their test tools replace it
// later, by a clock that stands still, a queue that nobody empties (Jest, sinon) or promises of their own
// (zone.js, bluebird). Waiting for a server is not of the app's time.
//
// What is of its time follows the app's fakes, and is not here: `Date`, by which sessions live, and the
// interval of `store.timer`, which was the app's own `setInterval` in connect-mongo.

const { queueMicrotask } = globalThis
const { nextTick } = process
const { clearTimeout, setImmediate, setTimeout } = timers

/** Milliseconds. */
const now = performance.now.bind(performance)

/** That of async functions, whatever the global one is. */
const { constructor: Promise } = (async () => {})()

/** Whether a value may have to be waited for. Promises may be of any library, and of any realm. */
function isPromise (value) {
  return typeof value?.then === 'function'
}

/** A value that may be a promise for which nobody waits: that it fails must not end the process. */
function unawaited (value) {
  if (isPromise(value)) value.then(undefined, () => {})
  return value
}

/** Resolves after that time, for which it does not keep the process alive. */
function sleep (milliseconds) {
  return new Promise(resolve => {
    setTimeout(resolve, milliseconds).unref?.() // jsdom's timers are numbers
  })
}

module.exports = {
  clearTimeout, isPromise, nextTick, now, Promise, queueMicrotask, setImmediate, setTimeout, sleep, unawaited
}
