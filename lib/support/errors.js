'use strict'

const { describe } = require('./describe')

// Errors as callers get them: instances of the Error of the realm that this file was loaded in, which under a
// test runner is not that of the addon; and with the frames of whoever awaits the operation.

/** Made where nobody awaits the operation: in a timer, or beside other operations. */
const withoutCaller = new WeakSet()

/** What an error of ours may have beside its name, message and cause. */
const DETAILS = ['code', 'codeName', 'errorLabels']

/** An error with a name of the Node.js driver's. Its stack begins where this is called. */
function makeError (name, message, cause) {
  const error = newError({ name, message, cause }, makeError)
  withoutCaller.add(error)
  return error
}

/**
 * What an operation fails with, for the reason that a backend or a hook has failed for. To be called in the
 * async function that awaits the operation, after its `await`: there V8 knows who awaits that function.
 * A new error for each caller, in place of what the core has made or `makeError`; anything else as it is, but
 * for what callbacks would take for a success.
 */
function asError (reason) {
  if (reason?.isOfCore || withoutCaller.has(reason)) return newError(reason, asError)
  return reason || newError({ name: 'Error', message: `${describe(reason)} was thrown in place of an error` }, asError)
}

/** `given`: an error, or the properties of one. The stack has the callers of `maker`. */
function newError (given, maker) {
  const { name, message, cause } = given
  const error = new Error(message)
  if (cause !== undefined) {
    const value = cause?.isOfCore ? newError(cause, maker) : cause
    Object.defineProperty(error, 'cause', { value, configurable: true, writable: true })
  }
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  for (const detail of DETAILS) if (given[detail] !== undefined) error[detail] = given[detail]
  Error.captureStackTrace(error, maker) // once more, now that the first line has the name
  return error
}

module.exports = { asError, makeError }
