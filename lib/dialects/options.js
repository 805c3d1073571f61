'use strict'

const { identify } = require('../support/connection-kinds')
const { describe } = require('../support/describe')
const values = require('../support/option-values')
const { unawaited } = require('../support/realm')
const { warn } = require('../support/warnings')
const { suggestion } = require('./names')

const { number, object } = values

// What dialects need to read options. Three rules hold for all of them: what the peers ran with runs; what
// they ignored is ignored, with one warning; what could never have worked throws, and says which option, what
// it got and what it takes.

const SECOND = 1000
const MINUTE = 60 * SECOND

/** `ttl` in seconds, `autoRemoveInterval` in minutes, `outageAfterMS` in milliseconds. */
const DEFAULTS = { collection: 'sessions', ttl: 14 * 24 * 60 * 60, autoRemoveInterval: 10, outageAfterMS: 5000 }

/** Milliseconds. `now + ttl` must be a date, and JavaScript's end in the year 275760, at 8.64e15. */
const MAX_TTL = 8e15

/** Options that only this package has, the same in every dialect. */
const OWN = [
  'backend', 'operationTimeoutMS', 'maxQueue', 'onUnreadable', 'onUndecryptable', 'onOutage', 'outageAfterMS',
  'conflicts', 'fields', 'maxLifetime', 'touch'
]

/**
 * Names of Node driver options, misplaced among a store's. The peers ignored them, and nothing is lost by it.
 */
const DRIVER_OPTIONS = [
  'auto_reconnect', 'autoReconnect', 'keepAlive', 'poolSize', 'ssl', 'useCreateIndex', 'useFindAndModify',
  'useNewUrlParser', 'useUnifiedTopology', 'w'
]

/**
 * Names of what apps hand to express-session, or Connect, and to the store as one object. Sails does so, with
 * names of its own.
 */
const SESSION_OPTIONS = [
  'cookie', 'fingerprint', 'genid', 'key', 'name', 'proxy', 'resave', 'rolling', 'saveUninitialized', 'store', 'unset',
  'adapter', 'isSessionDisabled', 'routesDisabled'
]

/** Whether a `secret` among the options is that of express-session, which signs cookies with it. */
function isForSessionToo (options) {
  return SESSION_OPTIONS.some(name => options[name] !== undefined)
}

/** The argument of a constructor: an object, or nothing at all. */
function optionsObject (options) {
  if (options === undefined || options === null) return {}
  if (typeof options === 'object') return options
  throw new TypeError(`a store takes an object of options, like { url: 'mongodb://…' }: got ${describe(options)}`)
}

/**
 * In milliseconds, or a function that returns them. The option is in seconds unless `unit` and `unitMS` say
 * otherwise.
 */
function ttl (name, value, { unit = 'seconds', unitMS = SECOND } = {}) {
  if (typeof value === 'function') return (session, sid) => returned(name, unawaited(value(session, sid)), { unit, unitMS })
  const fallback = DEFAULTS.ttl * SECOND / unitMS
  return number(name, value, { fallback, unit, min: 0, max: MAX_TTL / unitMS }) * unitMS
}

function returned (name, time, { unit, unitMS }) {
  if (typeof time === 'number' && time > 0 && time <= MAX_TTL / unitMS) return time * unitMS
  throw new TypeError(`${name} must return a positive number (${unit}): got ${describe(time)}`)
}

/** In milliseconds; whatever is not above 0 means that each touch is written. */
function touchAfter (value) {
  return Math.max(0, number('touchAfter', value, { fallback: 0, unit: 'seconds' })) * SECOND
}

/** In milliseconds, of minutes and fractions of them. 0 was the shortest time that setInterval has, 1 ms. */
function sweepInterval (value, mode) {
  const fallback = DEFAULTS.autoRemoveInterval
  if (mode !== 'interval') return fallback * MINUTE
  const range = { min: 0, max: MAX_TTL / MINUTE }
  return Math.max(1, number('autoRemoveInterval', value, { fallback, unit: 'minutes', ...range }) * MINUTE)
}

/** In milliseconds; null: sessions live as long as they are used. */
function maxLifetime (value) {
  const range = { min: 0.001, max: MAX_TTL / SECOND }
  const seconds = number('maxLifetime', value ?? undefined, { fallback: null, unit: 'seconds', ...range })
  return seconds === null ? null : Math.round(seconds * SECOND)
}

/**
 * native, interval or disabled. Any other value meant disabled. A truthy one gets a warning.
 */
function autoRemove (value) {
  if (value === 'native' || value === 'interval' || value === 'disabled') return value
  if (value) {
    warn('CONNECT_MONGO_INVALID_OPTION', "autoRemove must be 'native', 'interval' or 'disabled': got another " +
      "value, which means 'disabled', so that expired sessions stay")
  }
  return 'disabled'
}

/** connect-mongo ignored a transformId that is no function, and so do we, but not in silence. */
function transformId (value) {
  if (!value || typeof value === 'function') return value || undefined
  warn('CONNECT_MONGO_INVALID_OPTION', `transformId must be a function: ${describe(value)} is ignored`)
}

/** `{ w, j, wtimeoutMS }`, whichever of the driver's spellings were used; null without any. */
function writeConcern (value) {
  const given = object('writeOperationOptions', value)
  const { w, j, journal, wtimeout, wtimeoutMS } = { ...given, ...object('writeConcern', given.writeConcern) }
  if (w !== undefined && w !== null && typeof w !== 'number' && typeof w !== 'string') {
    throw new TypeError(`writeOperationOptions.w must be a number or a string: got ${describe(w)}`)
  }
  const concern = {
    w: w ?? undefined,
    j: j ?? journal ?? undefined,
    wtimeoutMS: number('wtimeout', wtimeoutMS ?? wtimeout, { unit: 'milliseconds', min: 0 })
  }
  if (concern.j !== undefined) concern.j = Boolean(concern.j)
  return Object.values(concern).some(setting => setting !== undefined) ? concern : null
}

/** Our own options. `null`: the backend's default. */
function own (options, { connection }) {
  const { backend, operationTimeoutMS, maxQueue, onOutage = 'error', outageAfterMS, touch = true } = options
  if (backend !== undefined && backend !== 'native' && backend !== 'driver') {
    throw new TypeError(`backend must be 'native' or 'driver': got ${describe(backend)}`)
  }
  if (backend === 'native' && connection) {
    throw new TypeError("backend: 'native' takes a URL: a connection of the app's is used through its own driver")
  }
  if (onOutage !== 'error' && onOutage !== 'skip') {
    throw new TypeError(`onOutage must be 'error' or 'skip': got ${describe(onOutage)}`)
  }
  if (typeof touch !== 'boolean') throw new TypeError(`touch must be true or false: got ${describe(touch)}`)
  const range = { min: 1, max: 2 ** 31 - 1 }
  const count = (name, value, unit) => number(name, value ?? undefined, { fallback: null, unit, ...range })
  return {
    backend: backend ?? (connection ? 'driver' : 'native'),
    operationTimeoutMS: count('operationTimeoutMS', operationTimeoutMS, 'milliseconds'),
    maxQueue: count('maxQueue', maxQueue, 'operations'),
    onUnreadable: onUnreadable(options),
    onOutage,
    outageAfterMS: count('outageAfterMS', outageAfterMS, 'milliseconds') ?? DEFAULTS.outageAfterMS,
    touches: touch
  }
}

const ON_UNREADABLE = ['error', 'ignore', 'destroy']

/** What becomes of a row that cannot be read. `onUndecryptable` is the option's older name. */
function onUnreadable (options) {
  const names = ['onUnreadable', 'onUndecryptable'].filter(name => options[name] !== undefined)
  for (const name of names) {
    const value = options[name]
    if (ON_UNREADABLE.includes(value)) continue
    const hint = typeof value === 'string' ? suggestion(value, ON_UNREADABLE) : ''
    throw new TypeError(`${name} must be 'error', 'ignore' or 'destroy': got ${describe(value)}${hint}`)
  }
  const [value = 'error', older = value] = names.map(name => options[name])
  if (older === value) return value
  throw new TypeError('onUnreadable and onUndecryptable, its older name, differ: give onUnreadable alone')
}

const RESOLUTIONS = ['overwrite', 'merge', 'reject']

/** What a save does that finds its session changed. Only a server that replies can say so. */
function conflicts (value = 'overwrite', { url, mongoOptions, writeConcern }) {
  if (value === null) return 'overwrite'
  if (typeof value !== 'function' && !RESOLUTIONS.includes(value)) {
    throw new TypeError(
      `conflicts must be 'overwrite', 'merge', 'reject' or a function: got ${describe(value)}${typeof value === 'string' ? suggestion(value, RESOLUTIONS) : ''}`)
  }
  const isUnacknowledged = writeConcern?.w === 0 || mongoOptions?.w === 0 || mongoOptions?.writeConcern?.w === 0 ||
    /[?&]w=0(&|$)/.test(url ?? '')
  if (value !== 'overwrite' && isUnacknowledged) {
    throw new TypeError('conflicts needs acknowledged writes, and the write concern is w: 0')
  }
  return value
}

/** Of connect-mongo's rows. */
const ROW_NAMES = ['_id', 'session', 'expires', 'lastModified', 'createdAt', 'updatedAt']

/** Functions by name, of what is to be stored beside a session; null without any. */
function fields (given) {
  if (given === undefined || given === null) return null
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new TypeError(`fields must be an object of functions, like { userId: session => session.userId }: got ${describe(given)}`)
  }
  for (const [name, read] of Object.entries(given)) {
    if (ROW_NAMES.includes(name)) throw new TypeError(`fields.${name}: a session's row has that name already`)
    if (name === '' || name === '__proto__' || /[.$\0]/.test(name)) {
      throw new TypeError('fields: a name must not be empty, nor contain a dot, a $ or a NUL')
    }
    if (typeof read !== 'function') throw new TypeError(`fields.${name} must be a function: got ${describe(read)}`)
  }
  return Object.keys(given).length > 0 ? { ...given } : null
}

/** A connection of the app's, or the promise of one. Throws if it is neither; a promise is checked later. */
function connection (name, value) {
  const promised = typeof value.then === 'function' && typeof value.readyState !== 'number'
  if (!promised) {
    try {
      identify(value)
    } catch {
      throw new TypeError(
        `${name} must be a MongoClient, a Db or a Mongoose connection, or the promise of one: got ${describe(value)}`)
    }
  }
  return { value }
}

/**
 * Warns of the options that a dialect does not read, but for those of express-session. `known`: the names
 * that it reads. `harmless`: names that real configurations have to no effect. `ignored`: names that mean
 * something in another dialect, each with what to do instead.
 */
function reportUnread (options, { entry, known, harmless, ignored }) {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name) || OWN.includes(name) || harmless.includes(name)) continue
    if (SESSION_OPTIONS.includes(name) || (name === 'secret' && isForSessionToo(options))) continue
    if (!Object.hasOwn(ignored, name)) {
      const hint = suggestion(name, [...known, ...OWN])
      warn('CONNECT_MONGO_UNKNOWN_OPTION', `${entry} knows no option ${name.slice(0, 40)}, and ignores it${hint}`)
    } else if (value) {
      warn('CONNECT_MONGO_IGNORED_OPTION', `${entry} ignores ${name}, like connect-mongo: ${ignored[name]}`)
    }
  }
}

module.exports = {
  ...values,
  autoRemove,
  conflicts,
  connection,
  DEFAULTS,
  DRIVER_OPTIONS,
  fields,
  isForSessionToo,
  maxLifetime,
  optionsObject,
  own,
  reportUnread,
  SECOND,
  sweepInterval,
  touchAfter,
  transformId,
  ttl,
  writeConcern
}
