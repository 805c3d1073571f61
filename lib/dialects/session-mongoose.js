'use strict'

const { collectionOf } = require('../driver-objects/collection-name')
const dates = require('../session/dates')
const { identify } = require('../support/connection-kinds')
const { describe } = require('../support/describe')
const { discreetOptions } = require('../support/discreet')
const { openModel } = require('../driver-objects/mongoose-model')
const read = require('./options')
const { nextTick } = require('../support/realm')
const { warn } = require('../support/warnings')

// session-mongoose 0.x: `new (require('session-mongoose')(connect))(options)`.

/** The defaults of session-mongoose 0.5. Milliseconds. */
const DEFAULTS = { url: 'mongodb://localhost/sessions', interval: 60_000, modelName: 'Session' }

/** The options that connect-mongo never had, and all that session-mongoose has. */
const ONLY = ['interval', 'sweeper', 'connection', 'modelName']
const READ = ['url', 'ttl', 'collection', ...ONLY]

const IGNORED = {
  mongoUrl: 'write url',
  collectionName: 'write collection, or modelName',
  dbName: 'name the database in the url',
  mongoOptions: 'write driver options into the url',
  mongooseConnection: 'write connection',
  mongoose_connection: 'write connection',
  autoRemove: 'write sweeper or ttl',
  autoRemoveInterval: 'write interval, in milliseconds',
  expires: 'write interval'
}

const INVALID = 'CONNECT_MONGO_INVALID_OPTION'

/** The largest expireAfterSeconds that MongoDB takes. Seconds. */
const MAX_TTL = 2 ** 31 - 1
/** The longest that reaches a date. Milliseconds. */
const MAX_INTERVAL = 8e15

/** The normalized options. null means the default too. */
function normalize (given) {
  const options = read.optionsObject(given)
  refuse(options)
  read.reportUnread(options, {
    entry: "require('connect-mongo-native/session-mongoose')", known: READ, harmless: read.DRIVER_OPTIONS, ignored: IGNORED
  })
  const connection = borrowed(options.connection)
  const source = connection ? { connection } : { url: read.string('url', options.url || undefined, DEFAULTS.url) }
  const ttlSeconds = timeToLive(options.ttl)
  const modelName = read.string('modelName', options.modelName || undefined, DEFAULTS.modelName)
  return {
    dialect: 'legacy',
    ...source,
    mongoOptions: {},
    dbName: null,
    modelName,
    collection: read.string('collection', options.collection || undefined, collectionOf(modelName, connection?.value)),
    layout: { kind: 'session-mongoose', ttlSeconds },
    expiresAt: ttlSeconds === null ? expiresAt : () => Infinity,
    ttlMS: Infinity,
    touchAfterMS: 0,
    autoRemove: autoRemove(options.sweeper ?? true, ttlSeconds),
    sweepIntervalMS: sweepInterval(options.interval),
    stringify: false,
    serialize: undefined,
    unserialize: undefined,
    transformId,
    writeConcern: null,
    encryption: null,
    conflicts: 'overwrite',
    fields: null,
    ...read.own(options, source)
  }
}

/** What documents of session-mongoose's cannot carry. */
function refuse ({ conflicts, fields, maxLifetime, touch, ttl }) {
  const asked = {
    conflicts: (conflicts ?? 'overwrite') !== 'overwrite',
    fields: (fields ?? null) !== null,
    maxLifetime: (maxLifetime ?? null) !== null,
    touch: (touch ?? true) !== true,
    'ttl that is a function': typeof ttl === 'function'
  }
  const given = Object.keys(asked).find(name => asked[name])
  if (given === undefined) return
  throw new TypeError(`session-mongoose has no ${given}, an option of connect-mongo's rows: use ` +
    "require('connect-mongo-native')(session)")
}

/**
 * Whether the options have one that only session-mongoose has, and none that only connect-mongo has. A
 * `secret` beside others of express-session's is no option of a store.
 */
function isMeant (options, namesOfConnectMongo) {
  const ignored = read.isForSessionToo(options) ? 'secret' : undefined
  const given = Object.keys(options).filter(name => options[name] !== undefined && name !== ignored)
  return given.some(name => ONLY.includes(name)) &&
    !given.some(name => namesOfConnectMongo.includes(name) && !READ.includes(name))
}

/**
 * The app's Mongoose connection, which stays open when the store closes. An app may also pass a Mongoose
 * itself, which means its default connection.
 */
function borrowed (given) {
  if (given === undefined || given === null) return undefined
  const { connection } = identified(given)
  if (connection === undefined) throw new TypeError(`connection must be a Mongoose connection: got ${describe(given)}`)
  return { value: connection, stays: true }
}

function identified (given) {
  try {
    return identify(given)
  } catch {
    return {}
  }
}

/**
 * In whole seconds, as MongoDB counts them; null when there is none. Whatever is not above 0 never switched
 * it on. With more than MongoDB takes, session-mongoose had no index, and worked.
 */
function timeToLive (ttl) {
  const seconds = Number(ttl ?? 0)
  if (Number.isNaN(seconds)) warn(INVALID, `ttl must be a number of seconds: ${describe(ttl)} means none`)
  if (seconds > MAX_TTL) warn(INVALID, `ttl must be at most ${MAX_TTL} seconds: ${seconds} means that many`)
  return seconds > 0 ? Math.ceil(Math.min(seconds, MAX_TTL)) : null
}

/** In milliseconds. With no number, or a negative one, session-mongoose swept without a pause. */
function sweepInterval (interval) {
  const milliseconds = Number(interval ?? DEFAULTS.interval)
  if (milliseconds >= 0) return Math.min(Math.max(1, milliseconds), MAX_INTERVAL)
  warn(INVALID, `interval must be a number of milliseconds: ${describe(interval)} means ${DEFAULTS.interval}`)
  return DEFAULTS.interval
}

/** Nothing but `true` started the sweeper, and `ttl` needs none. */
function autoRemove (sweeper, ttlSeconds) {
  if (ttlSeconds !== null) return 'native'
  return sweeper === true ? 'interval' : 'disabled'
}

/** With the cookie, by its date or its age; otherwise never. */
function expiresAt (session, now) {
  const maxAge = Number(session?.cookie?.maxAge)
  return dates.expiresAt(session, now, maxAge || Infinity)
}

/** The schema's `sid` is a String, to which Mongoose casts. */
function transformId (sid) {
  return ['number', 'bigint', 'boolean'].includes(typeof sid) ? String(sid) : sid
}

/** Defines `store.sweeps` and `store.model`. Returns an object whose `close` closes the latter. */
function attach (store, form, backend) {
  let before = 0
  let opened
  let closed = false
  const sweeps = () => backend.stats().sweeps
  const model = () => {
    if (opened === undefined && closed) throw new Error('the store has been closed')
    opened ??= openModel(form)
    return opened.model
  }
  Object.defineProperties(store, {
    sweeps: {
      get: () => sweeps() - before,
      set: count => { before = sweeps() - count },
      configurable: true,
      enumerable: true
    },
    model: { get: model, configurable: true }
  })
  return {
    async close () {
      closed = true
      await opened?.close()
    }
  }
}

module.exports = {
  normalize,
  isMeant,
  ONLY,

  missing: undefined,
  announcesMissing: false,
  touchMissing () {},

  /** A `set` of nothing is a `destroy`. */
  nothingDestroys: true,
  stored: 1,
  destroyed: (emitted, removed) => Number(removed),
  cleared: true,
  /** `all` returns ids, not sessions. */
  allAreIds: true,

  hasState: false,
  properties: () => ({}),
  attach,

  /** A new object, the defaults filled in. */
  options: (form, options) => discreetOptions({
    ...options,
    url: form.url,
    interval: options?.interval ?? DEFAULTS.interval,
    sweeper: form.autoRemove === 'interval',
    modelName: form.modelName
  }),

  /** Without a value, the callback gets `null` alone. */
  reply (callback, value) {
    if (value === undefined) nextTick(callback, null)
    else nextTick(callback, null, value)
  }
}
