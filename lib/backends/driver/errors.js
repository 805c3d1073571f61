'use strict'

const { isNativeError } = require('util/types')

const { shortId } = require('../../session/ids')
const { elsewhere, makeError, thrown } = require('../../support/errors')

// Errors in the names of the Node.js driver, without other people's sessions in them.

/** What a server's error is made of, apart from its message, and safe to show. */
const SAFE = ['code', 'codeName', 'ok', 'errorLabelSet', 'connectionGeneration']

/** What is known of an operation that has run out of time, by the names of the scheduler's codes. */
const FATES = {
  NOT_SENT: 'not sent',
  NOT_SENT_BEHIND_UNSETTLED: 'not sent, since an earlier write of the same session was never answered and may still arrive',
  NO_ANSWER: 'no answer',
  NO_ANSWER_BEHIND_UNSETTLED: 'no answer, since an earlier write of the same session was never answered',
  OUTCOME_UNKNOWN: 'outcome unknown',
  STILL_RUNNING: 'clear is still running, and may remove what is stored after it'
}

/** The error of an operation after its deadline. `fate`: a name of FATES. */
function timeoutError (timeoutMS, fate) {
  return makeError('MongoOperationTimeoutError', `timed out after ${timeoutMS} ms (operationTimeoutMS): ${FATES[fate]}`)
}

/**
 * The driver's error as a caller may see it. What a server says can quote ids and whole documents, and a
 * grouped write's error carries everybody's: such an error is made anew, of the same class.
 */
function discreet (error, ids) {
  if (!error) return thrown(error, 'the driver')
  if (!isServers(error) && error?.writeErrors === undefined) return error
  const copy = new Error(redact(error.message ?? '', ids))
  const own = ['name', ...SAFE, ...Object.getOwnPropertySymbols(error)]
  for (const name of own) {
    const descriptor = Object.getOwnPropertyDescriptor(error, name)
    if (descriptor !== undefined) Object.defineProperty(copy, name, descriptor)
  }
  const labels = [...error.errorLabels ?? []]
  Object.defineProperty(copy, 'errorLabels', { value: labels, configurable: true, writable: true })
  return elsewhere(Object.setPrototypeOf(copy, Object.getPrototypeOf(error)))
}

/**
 * Of what fails a group as a whole, the error that a single operation would have had. Drivers wrap it in a
 * MongoBulkWriteError, and from 5.9 on keep it there.
 */
function ungrouped (error) {
  if (!isOfGroup(error) || error.writeErrors?.length > 0) return error
  if (isNativeError(error.errorResponse)) return error.errorResponse
  const single = Object.getPrototypeOf(Object.getPrototypeOf(error))
  if (isServers(error)) return reclassed(error, single, single.constructor.name)
  return precedesExecution(error) ? error : reclassed(error, Object.getPrototypeOf(single), 'MongoNetworkError')
}

function isOfGroup (error) {
  return /^(Mongo)?BulkWriteError$/.test(error?.name)
}

/** The same error under another name, without what it holds of the group. */
function reclassed (error, prototype, name) {
  const { code, codeName, errorLabels = [] } = error
  const copy = Object.setPrototypeOf(new Error(error.message), prototype)
  const properties = { name, code, codeName, errorLabels }
  for (const [property, value] of Object.entries(properties)) {
    if (value !== undefined) Object.defineProperty(copy, property, { value, configurable: true, writable: true })
  }
  return elsewhere(copy)
}

/** The error of one statement of a grouped write. */
function statementError ({ code, errmsg, message }, ids) {
  const error = makeError('MongoServerError', redact(errmsg ?? message ?? 'the server gave no message', ids))
  return Object.assign(error, { code })
}

/** Where a server begins to quote what it was sent. src/command/reply.rs has the same list. */
const QUOTATIONS = /[{"'`]|First element|exceeded max/

/**
 * A server's message may quote ids, names and values of sessions, and whole commands. What follows the first
 * mark of a quotation is left out; ids elsewhere are shortened.
 */
function redact (message, ids) {
  const start = message.search(QUOTATIONS)
  let text = start < 0 ? message : `${message.slice(0, start).replace(/(dup key:)?\s*$/, '')} …`
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

/**
 * Of attempts to connect: nothing that happens on a server or a network mends these, such as a bad URL. The
 * errors of drivers 2 to 3.2 are objects that are made to look like errors.
 */
function isHopeless (error) {
  const isError = isNativeError(error) || /^Mongo/.test(error?.name)
  return !isError || /^TypeError$|^Mongo(Parse|InvalidArgument|Missing)/.test(error.name)
}

/** Who never connected the client, or not yet. */
function isUnconnected (error) {
  return error?.name === 'MongoNotConnectedError' || /must be connected/i.test(error?.message)
}

/**
 * Rejections of a whole command before any of its statements is carried out: FailedToParse, BadValue,
 * TypeMismatch, Overflow, InvalidBSON, BSONObjectTooLarge, unknown, wrong and missing fields.
 */
const PRECEDES_EXECUTION = new Set([9, 2, 14, 15, 22, 10334, 40415, 40413, 40414])

/**
 * Interruptions: a command may have been carried out in part. src/command/error_codes.rs has both lists, too.
 */
const INTERRUPTIONS = new Set([50, 11600, 11601, 11602, 189, 91, 262])

/**
 * What became of a write that failed as a whole: REJECTED before it was carried out, so that smaller commands
 * will show the culprit; UNKNOWN, when it may have been applied; NOT_APPLIED.
 *
 * A code for which the driver sends a write again is of its second attempt: of the first, which may have been
 * applied, it says nothing. Servers from 6.1 on have a label for those of which nothing was applied; the
 * driver heeds it, too.
 */
function fateOf (error) {
  if (precedesExecution(error)) return 'REJECTED'
  if (!isServers(error)) return 'UNKNOWN'
  const isCertain = !INTERRUPTIONS.has(error.code) && !RETRYABLE.has(error.code)
  return isCertain || error.errorLabels?.includes('NoWritesPerformed') ? 'NOT_APPLIED' : 'UNKNOWN'
}

/** Whether nothing was carried out, and one statement may be to blame: smaller commands will tell. */
function precedesExecution (error) {
  if (error?.writeErrors?.length > 0) return false
  if (isServers(error)) return PRECEDES_EXECUTION.has(error.code)
  // Drivers 4 to 6 wrap whatever fails: the network, or bson.
  if (isOfGroup(error)) return !/connect|socket|time|network|pool|topology|server/i.test(error.message)
  // Of the driver itself, such as bson's: it never sent the command, or could not read one of the rows.
  // RangeErrors are of a full buffer, SyntaxErrors of a row with a regular expression that JavaScript lacks.
  return /^(BSON|Type|Range|Syntax|Mongo(InvalidArgument|BSON|Runtime|Unexpected)|Error$)/.test(error?.name) ||
    /larger than the max/.test(error?.message)
}

module.exports = {
  discreet, FATES, fateOf, isHopeless, isRefusal, isRetryable, isUnconnected, precedesExecution,
  statementError, timeoutError, ungrouped
}
