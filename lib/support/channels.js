'use strict'

const { channel } = require('diagnostics_channel')
const { now } = require('./realm')

// What is published on channels of `diagnostics_channel`: docs/monitoring.md. No message has a session in it,
// nor an id.
//
// The five of operations are those of `tracingChannel('connect-mongo-native:operation')`, opened by name: the
// function is experimental in Node.js 20, and its `tracePromise` would put what an operation returns, a
// session, into the message. A channel without subscribers is a property that is false.

const start = channel('tracing:connect-mongo-native:operation:start')
const end = channel('tracing:connect-mongo-native:operation:end')
const asyncStart = channel('tracing:connect-mongo-native:operation:asyncStart')
const asyncEnd = channel('tracing:connect-mongo-native:operation:asyncEnd')
const failed = channel('tracing:connect-mongo-native:operation:error')
const command = channel('connect-mongo-native:command')

/** What both kinds of message say of a store, by its normalized options. */
function about ({ backend, collection, dialect, layout }) {
  return { backend, collection, dialect: layout.kind === 'session-mongoose' ? layout.kind : dialect }
}

/** Whether anybody wants to hear of operations. */
function areOperationsTraced () {
  return start.hasSubscribers || asyncEnd.hasSubscribers || failed.hasSubscribers || end.hasSubscribers ||
    asyncStart.hasSubscribers
}

/**
 * Runs an operation of a store, and says so. Async, so that an error's stack leads on to whoever awaits it,
 * and that one that nobody handles is still reported as such.
 */
async function traceOperation (form, operation, run) {
  const message = { operation, ...about(form) }
  const started = now()
  const ended = outcome => {
    message.duration = now() - started
    message.outcome = outcome
  }
  try {
    const result = await begin(message, run)
    ended(operation !== 'get' ? 'done' : result ? 'found' : 'missing')
    return result
  } catch (error) {
    ended('failed')
    message.error = error
    failed.publish(message)
    throw error
  } finally {
    asyncStart.publish(message)
    asyncEnd.publish(message)
  }
}

/** The call itself, in the context that a subscriber may have bound to it, such as its span. */
function begin (message, run) {
  const call = () => {
    try {
      return run()
    } finally {
      end.publish(message)
    }
  }
  if (start.runStores) return start.runStores(message, call)
  start.publish(message) // a runtime that has no such stores
  return call()
}

/** Whether anybody wants to hear of commands. */
function areCommandsWatched () {
  return command.hasSubscribers
}

/** A command has ended. `error`: why it failed as a whole. */
function reportCommand (form, { name, operations, bytes, duration, error }) {
  const outcome = error ? 'failed' : 'done'
  command.publish({ command: name, ...about(form), operations, bytes, duration, outcome, ...error && { error } })
}

module.exports = { areCommandsWatched, areOperationsTraced, reportCommand, traceOperation }
