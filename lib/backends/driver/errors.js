'use strict'

const { isNativeError } = require('node:util/types')

const { shortId } = require('../../session/ids')

// Errors in the names of the Node.js driver, without other people's sessions in them.

/** What a server's error is made of, apart from its message, and safe to show. */
const SAFE = ['code', 'codeName', 'ok', 'errorLabelSet', 'connectionGeneration']

/** An error of our own making. */
function makeError (name, message, cause) {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  return Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
}

/**
 * The driver's error as a caller may see it. What a server says can quote ids and whole documents, and a
 * grouped write's error carries everybody's: such an error is made anew, of the same class.
 */
function discreet (error, ids) {
  if (!isServers(error) && error?.writeErrors === undefined) return error
  const copy = new Error(redact(error.message ?? '', ids))
  const own = ['name', ...SAFE, ...Object.getOwnPropertySymbols(error)]
  for (const name of own) {
    const descriptor = Object.getOwnPropertyDescriptor(error, name)
    if (descriptor !== undefined) Object.defineProperty(copy, name, descriptor)
  }
  const labels = [...error.errorLabels ?? []]
  Object.defineProperty(copy, 'errorLabels', { value: labels, configurable: true, writable: true })
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
}

/** The error of one statement of a grouped write. */
function statementError ({ code, errmsg, message }, ids) {
  const error = makeError('MongoServerError', redact(errmsg ?? message ?? 'the server gave no message', ids))
  return Object.assign(error, { code })
}

/** What follows the first brace of a server's message is a quotation; ids elsewhere are shortened. */
function redact (message, ids) {
  const brace = message.indexOf('{')
  let text = brace < 0 ? message : `${message.slice(0, brace).replace(/(dup key:)?\s*$/, '')} { … }`
  for (const id of ids) {
    if (typeof id === 'string' && id.length > 6) text = text.replaceAll(id, shortId(id))
  }
  return text
}

/** Whether the server has answered, if with an error. */
function isServers (error) {
  return typeof error?.code === 'number'
}

/** Failures that a new attempt may mend: of the network, or a server that steps down or shuts down. */
const RETRYABLE = new Set([11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262])

function isRetryable (error) {
  if (isServers(error)) return RETRYABLE.has(error.code)
  return isUnconnected(error) || /Network|Selection|PoolCleared|MongoError/.test(error?.name)
}

/** Of attempts to connect: waiting does not mend it, but somebody may, on the server. Some are too old. */
function isRefusal (error) {
  return error?.name === 'MongoCompatibilityError' || (isServers(error) && !RETRYABLE.has(error.code))
}

/** Of attempts to connect: nothing that happens on a server or a network mends these, such as a bad URL. */
function isHopeless (error) {
  return !isNativeError(error) || /^TypeError$|^Mongo(Parse|InvalidArgument|Missing)/.test(error.name)
}

/** Who never connected the client, or not yet. */
function isUnconnected (error) {
  return error?.name === 'MongoNotConnectedError' || /must be connected/i.test(error?.message)
}

/**
 * Rejections of a whole command before any of its statements is carried out: FailedToParse, BadValue,
 * TypeMismatch, InvalidBSON, BSONObjectTooLarge, unknown, wrong and missing fields.
 */
const PRECEDES_EXECUTION = new Set([9, 2, 14, 22, 10334, 40415, 40413, 40414])

/** Whether nothing was carried out, and one statement may be to blame: smaller commands will tell. */
function precedesExecution (error) {
  if (error?.writeErrors?.length > 0) return false
  if (isServers(error)) return PRECEDES_EXECUTION.has(error.code)
  // Drivers 4 to 6 wrap whatever fails: the network, or bson.
  if (error?.name === 'MongoBulkWriteError') return !/connect|socket|time|network|pool|topology|server/i.test(error.message)
  // Of the driver itself, such as bson's: it never sent the command. RangeErrors are of a full buffer.
  return /^(BSON|Type|Range|Mongo(InvalidArgument|BSON|Runtime|Unexpected)|Error$)/.test(error?.name) ||
    /larger than the max/.test(error?.message)
}

module.exports = {
  discreet, isHopeless, isRefusal, isRetryable, isUnconnected, makeError, precedesExecution, statementError
}
