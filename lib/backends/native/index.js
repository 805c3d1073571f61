'use strict'

const bson = require('../../session/bson')
const { decodeId, encodeId } = require('../../session/ids')
const { extraCA } = require('./certificates')

// The backend contract on the Rust core: it dials the URL itself, and works off the event loop.

/** Opens the core. It connects by itself, and throws at once if the URL or `mongoOptions` cannot be used. */
function openNative (form) {
  // Loaded now, not with the package: importing it must work wherever Node.js does, binary or not.
  const core = require('./binding').open(JSON.stringify(configuration(form)))
  const leave = departures(core)
  return {
    // The core takes this time to decide whether a session has expired. Apps fake the clock in tests.
    get: id => leave(core.get(id, Date.now())),
    set: (id, value, { expires, lastModified }) => value instanceof Promise
      ? setLater(core, leave, id, value, { expires, lastModified })
      : leave(core.set(id, value, expires, lastModified)),
    touch: (id, { expires, lastModified }) => leave(core.touch(id, expires, lastModified)),
    destroy: id => leave(core.destroy(id)),
    scan: ({ after, limit }) => leave(core.scan(after, limit, Date.now())),
    ids: ({ after, limit }) => leave(core.scanIds(after, limit, Date.now())),
    count: () => leave(core.count()),
    clear: () => leave(core.clear()),
    ping: () => leave(core.ping()),
    sweep: () => leave(core.sweep()),
    stats: () => JSON.parse(core.stats()),
    close: () => core.close(),
    abandon: () => core.close(),
    onEvent: listener => void pump(core, listener)
  }
}

/**
 * Returns a function that every operation's promise passes through. Operations get their sequence numbers
 * when they are called. The core is woken once, without a timer, when the code that called them has run to
 * its end.
 */
function departures (core) {
  const now = Promise.resolve()
  let waiting = false
  const flush = () => {
    waiting = false
    core.flush()
  }
  return promise => {
    if (!waiting) {
      waiting = true
      now.then(flush)
    }
    return promise
  }
}

/**
 * A `set` whose value is not ready yet, such as an encrypted one. It takes its sequence number now and gets
 * its value later. It fails when the value fails or its deadline passes, whichever is first. A promise may
 * have the property `bytes`: about how large its value will be.
 *
 * Returns the core's own promise. One that is derived from it would settle later than the promises of the
 * operations that the core delivers together with this one.
 */
function setLater (core, leave, id, value, { expires, lastModified }) {
  const { promise, place } = core.reserve(id, value.bytes ?? 0)
  const withdraw = () => core.withdraw(place)
  value.then(ready => core.deliver(place, ready, expires, lastModified)).catch(withdraw)
  promise.catch(withdraw)
  return leave(promise)
}

/** Hands over events until the core is closed. Waiting for one keeps nothing alive. */
async function pump (core, listener) {
  for (let event; (event = await core.nextEvent()) !== null;) listener(...event)
}

function configuration (form) {
  return {
    uri: form.url,
    dbName: form.dbName,
    dialect: form.dialect,
    options: portable(form.mongoOptions),
    collection: form.collection,
    layout: form.layout,
    autoRemove: form.autoRemove,
    sweepIntervalMS: form.sweepIntervalMS,
    writeConcern: form.writeConcern,
    operationTimeoutMS: form.operationTimeoutMS,
    maxQueue: form.maxQueue,
    extraCA: extraCA()
  }
}

/**
 * `mongoOptions` as JSON. A value that JSON cannot hold is replaced by the name of its kind: the core decides
 * whether that is an error or a warning.
 */
function portable (value) {
  if (value === null || ['undefined', 'string', 'boolean'].includes(typeof value)) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $unsupported: String(value) }
  if (typeof value !== 'object') return { $unsupported: typeof value }
  if (Buffer.isBuffer(value)) return value.toString() // certificates and keys, in PEM
  if (Array.isArray(value)) return value.map(portable)
  if (!isPlain(value)) return { $unsupported: value.constructor?.name ?? 'object' }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, portable(item)]))
}

/** Looks at the prototype's prototype: a plain object may be of another realm, such as a test runner's. */
function isPlain (value) {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

module.exports = {
  documents: bson,
  makeId: encodeId,
  open: openNative,
  portable,
  readId: decodeId
}
