'use strict'

const bson = require('../../session/bson')
const { decodeId, encodeId } = require('../../session/ids')
const { encodeScalars } = require('../../session/scalars')
const { areCommandsWatched, reportCommand } = require('../../support/channels')
const { asError } = require('../../support/errors')
const { isPromise, Promise } = require('../../support/realm')
const { extraCA } = require('./certificates')

// The backend contract on the Rust core: it dials the URL itself, and works off the event loop.

/** Opens the core. It connects by itself, and throws at once if the URL or `mongoOptions` cannot be used. */
function openNative (form) {
  // Loaded now, not with the package: importing it must work wherever Node.js does, binary or not.
  const core = open(require('./binding'), form)
  const leave = departures(core)
  const reserved = new ReservedSets(core, leave)
  return {
    // The core takes this time to decide whether a session has expired. Apps fake the clock in tests.
    get: id => leave(core.get(id, Date.now())),
    set: (id, value, dates) => {
      if (isPromise(value)) return reserved.set(id, value, value.bytes ?? 0, dates)
      const promise = core.set(id, value, dates.expires, dates.lastModified, dates.fields)
      return promise === null ? reserved.set(id, value, sizeOf(value), dates) : leave(promise)
    },
    setIf: (id, attempt, bytes, conflict) => {
      if (isPromise(attempt)) return reserved.setIf(id, attempt, bytes, conflict)
      const { value, dates, expected, now } = attempt
      const promise = core.setIf(id, value, dates.expires, dates.lastModified, expected, now, dates.fields)
      if (promise === null) return reserved.setIf(id, attempt, bytes, conflict)
      return leave(reserved.heed(core.sequence(), promise, conflict))
    },
    touch: (id, { expires, lastModified }) => leave(core.touch(id, expires, lastModified)),
    destroy: id => leave(core.destroy(id)),
    discard: (id, value) => leave(core.discard(id, value)),
    scan: ({ after, limit }) => leave(core.scan(after, limit, Date.now())),
    ids: ({ after, limit }) => leave(core.scanIds(after, limit, Date.now())),
    count: () => leave(core.count()),
    clear: () => leave(core.clear()),
    countWhere: filter => leave(core.countWhere(filter, Date.now())),
    idsWhere: filter => leave(core.idsWhere(filter, Date.now())),
    rowsWhere: filter => leave(core.rowsWhere(filter, Date.now())),
    destroyWhere: (filter, except) => leave(core.destroyWhere(filter, except)),
    writeFields: (id, value, fields) => leave(core.writeFields(id, value, fields)),
    ping: () => leave(core.ping()),
    sweep: () => leave(core.sweep()),
    expired: async limit => leave(core.expired(limit)),
    claim: row => leave(core.claim(row)),
    stats: () => JSON.parse(core.stats()),
    close: () => core.close(),
    abandon: () => core.close(),
    onEvent: listener => void pump(core, form, reserved, listener)
  }
}

function open (binding, form) {
  try {
    return binding.open(JSON.stringify(configuration(form)))
  } catch (error) {
    throw asError(error)
  }
}

/**
 * Returns a function that every operation's promise passes through. Operations get their sequence numbers
 * when they are called. The core is woken once, without a timer, when the code that called them has run to
 * its end, and told first whether anybody wants to hear of its commands.
 */
function departures (core) {
  const now = Promise.resolve()
  let waiting = false
  let watched = false
  const flush = () => {
    waiting = false
    core.flush()
  }
  return promise => {
    if (!waiting) {
      waiting = true
      // Now: the core may send what it has before it is woken for it.
      if (areCommandsWatched() !== watched) core.watchCommands(watched = !watched)
      now.then(flush)
    }
    return promise
  }
}

/**
 * Sets that take their sequence numbers now and their values later: when the value is ready, such as an
 * encrypted one, and when the process's bound on waiting sessions has room for it.
 */
class ReservedSets {
  #core
  #leave
  /** What to call when there is room, by sequence number. */
  #waiting = new Map()
  /** What to ask when a conditional set finds another row than it expects, by sequence number. */
  #conflicts = new Map()

  constructor (core, leave) {
    this.#core = core
    this.#leave = leave
  }

  /**
   * `bytes`: about how large the value is or will be. The set fails when its value fails or its deadline
   * passes, whichever is first.
   *
   * Returns the core's own promise. One that is derived from it would settle later than the promises of the
   * operations that the core delivers together with this one.
   */
  set (id, value, bytes, dates) {
    return this.#reserve(id, value, bytes, (sequence, value) => this.#fill(sequence, { value, dates })).promise
  }

  /**
   * A conditional set. `attempt`: `{ value, dates, expected, now }`, or the promise of it. `conflict(row,
   * resent)` resolves to another attempt, or to null, which fails the set.
   */
  setIf (id, attempt, bytes, conflict) {
    const fill = (sequence, attempt) => this.#fill(sequence, attempt)
    const { promise, sequence } = this.#reserve(id, attempt, bytes, fill)
    return this.heed(sequence, promise, conflict)
  }

  /** `conflict` is asked when this conditional set finds another row. Returns its promise. */
  heed (sequence, promise, conflict) {
    this.#conflicts.set(sequence, conflict)
    const forget = () => this.#conflicts.delete(sequence)
    promise.then(forget, forget)
    return promise
  }

  #reserve (id, value, bytes, fillWith) {
    const { promise, sequence, hasRoom } = this.#core.reserve(id, Math.min(bytes, MAX_BYTES))
    const end = () => this.#end(sequence)
    const fill = value => fillWith(sequence, value)
    const ready = hasRoom ? value : new Promise(resolve => this.#waiting.set(sequence, () => resolve(value)))
    if (isPromise(ready)) ready.then(fill).catch(end)
    else fill(ready)
    // Fails a waiting value's set at once, whether there is room or not.
    if (isPromise(value)) value.catch(end)
    promise.catch(end)
    return { promise: this.#leave(promise), sequence }
  }

  #fill (sequence, { value, dates, expected, now }) {
    this.#core.fill(sequence, value, dates.expires, dates.lastModified, expected, now, dates.fields)
  }

  #end (sequence) {
    this.#waiting.delete(sequence)
    this.#core.withdraw(sequence)
  }

  room (sequence) {
    this.#waiting.get(sequence)?.()
    this.#waiting.delete(sequence)
  }

  async conflict (sequence, row, resent) {
    try {
      const attempt = await this.#conflicts.get(sequence)?.(row, resent)
      if (attempt) return this.#fill(sequence, attempt)
    } catch { /* as if it were given up */ }
    this.#end(sequence)
  }
}

/** The largest number that crosses as a u32. */
const MAX_BYTES = 2 ** 32 - 1

/** Bytes of a value that crosses as a string or a Buffer. */
function sizeOf (value) {
  return value === null ? 0 : Buffer.byteLength(value)
}

/** Hands over events until the core is closed. Waiting for one keeps nothing alive. */
async function pump (core, form, reserved, listener) {
  for (let event; (event = await core.nextEvent()) !== null;) {
    if (event[0] === 'room') reserved.room(event[1])
    else if (event[0] === 'conflict') reserved.conflict(...event.slice(1))
    else if (event[0] === 'due') listener('due', claimed => core.answerSweep(claimed))
    else if (event[0] === 'command') passOn(form, event)
    else if (event[0] === 'error') listener('error', asError(event[1]), event[2])
    else listener(...event)
  }
}

function passOn (form, [, name, operations, bytes, duration, error]) {
  reportCommand(form, { name, operations, bytes, duration, error: error && asError(error) })
}

function configuration (form) {
  return {
    uri: form.url,
    dbName: form.dbName,
    dialect: form.dialect,
    options: portable(form.mongoOptions),
    collection: form.collection,
    layout: form.layout,
    fields: Object.keys(form.fields ?? {}),
    autoRemove: form.autoRemove,
    sweepIntervalMS: form.sweepIntervalMS,
    writeConcern: form.writeConcern,
    comparesValues: form.conflicts !== 'overwrite',
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
  encodeFields: encodeScalars,
  makeId: encodeId,
  open: openNative,
  portable,
  readId: decodeId
}
