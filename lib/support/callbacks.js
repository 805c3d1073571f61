'use strict'

const { asError } = require('./errors')
const { nextTick } = require('./realm')

/**
 * Gives a promise's outcome to a callback too, and returns the promise.
 *
 * The callback is called from the promise's reaction, where the async context is the caller's, but by way of
 * `nextTick`: on a stack of its own, where an exception of the callback is the app's uncaught exception and
 * nobody else's business. The reaction to failure is also what keeps a promise that the caller drops from
 * being an unhandled rejection.
 */
function answer (promise, callback, reply) {
  if (typeof callback === 'function') {
    promise.then(value => reply(callback, value), error => nextTick(callback, asError(error)))
  }
  return promise
}

module.exports = { answer }
