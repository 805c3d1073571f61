'use strict'

const { describe } = require('./describe')

// Errors as callers get them: instances of the Error of the realm that this file was loaded in, which under a
// test runner is not that of the addon; and with the frames of whoever awaits the operation.

/** Made where nobody awaits the operation: in a timer, or for several operations at once. */
const madeElsewhere = new WeakSet()

/** An error with a name of the Node.js driver's. */
function makeError (name, message, cause) {
  return elsewhere(newError(new Error(message), { name, ...cause !== undefined && { cause } }, makeError))
}

/** Says of an error of this package's making that it has no caller's frames. Returns it. */
function elsewhere (error) {
  madeElsewhere.add(error)
  return error
}

/**
 * What an operation fails with, for the reason that a backend or a hook has failed for. To be called in the
 * async function that awaits the operation, after its `await`: there V8 knows who awaits that function.
 * A new error for each caller, in place of one that was made elsewhere; anything else as it is, but for what
 * callbacks would take for a success.
 */
function asError (reason) {
  if (reason?.isOfCore) return ofCore(reason, asError)
  if (!madeElsewhere.has(reason)) return reason || thrown(reason, 'something')
  const { message, stack, ...properties } = Object.getOwnPropertyDescriptors(reason)
  const copy = Object.setPrototypeOf(new Error(reason.message), Object.getPrototypeOf(reason))
  return traced(Object.defineProperties(copy, properties), asError)
}

/** What a hook or an adapter has thrown, or an error that says so of what callbacks take for a success. */
function thrown (reason, name) {
  return reason || traced(new Error(`${name} threw ${describe(reason)} in place of an error`), thrown)
}

/** A hook, if it is one, that fails with an error in any case. */
function named (name, hook) {
  return typeof hook !== 'function' ? hook : (...args) => {
    try {
      return hook(...args)
    } catch (error) {
      throw thrown(error, name)
    }
  }
}

/** The core rejects with the properties of an error. */
function ofCore ({ isOfCore, message, cause, ...properties }, maker) {
  return newError(new Error(message), { ...properties, ...cause && { cause: ofCore(cause, maker) } }, maker)
}

function newError (error, properties, maker) {
  for (const [name, value] of Object.entries(properties)) {
    const enumerable = name !== 'name' && name !== 'cause'
    Object.defineProperty(error, name, { value, enumerable, configurable: true, writable: true })
  }
  return traced(error, maker)
}

/** Now that it has its name, which its stack begins with. */
function traced (error, maker) {
  Error.captureStackTrace(error, maker)
  return error
}

module.exports = { asError, elsewhere, makeError, named, thrown }
