'use strict'

const bson = require('../bson')
const { decodeId, encodeId } = require('../ids')

// The backend contract on the Rust core: it dials the URL itself, and works off the event loop.

/** Opens the core. It connects by itself, and throws at once if the URL or `mongoOptions` cannot be used. */
function openNative (form) {
  // Loaded now, not with the package: importing it must work wherever Node.js does, binary or not.
  const core = require('../binding').open(JSON.stringify(configuration(form)))
  return {
    // The core judges by this clock whether a session has expired: apps fake it in tests.
    get: id => core.get(id, Date.now()),
    set: (id, value, { expires, lastModified }) => core.set(id, value, expires, lastModified),
    touch: (id, { expires, lastModified }) => core.touch(id, expires, lastModified),
    destroy: id => core.destroy(id),
    scan: ({ after, limit }) => core.scan(after, limit, Date.now()),
    ids: ({ after, limit }) => core.scanIds(after, limit, Date.now()),
    count: () => core.count(),
    clear: () => core.clear(),
    ping: () => core.ping(),
    sweep: () => core.sweep(),
    stats: () => JSON.parse(core.stats()),
    close: () => core.close(),
    abandon: () => core.close(),
    onEvent: listener => void pump(core, listener)
  }
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
    maxQueue: form.maxQueue
  }
}

/**
 * `mongoOptions` as JSON. What has no such form is marked with its kind, for the core to say what it makes of
 * it.
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

/** By the prototype's prototype: plain objects may be of another realm, such as a test runner's. */
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
