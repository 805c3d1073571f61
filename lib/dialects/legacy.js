'use strict'

const { createLegacyAdapter } = require('../crypto/adapters')
const { attachObjects } = require('../driver-objects/store-properties')
const { databaseNamed, DEFAULT: DEFAULT_DATABASE } = require('../support/database-name')
const read = require('./options')
const { nextTick } = require('../support/realm')
const { warn } = require('../support/warnings')
const { ONLY: SESSION_MONGOOSE } = require('./session-mongoose')

// connect-mongo 0.x to 3.x: `new (require('connect-mongo')(session))(options)`.

const READ = [
  'url', 'mongoOptions', 'dbName', 'collection', 'ttl', 'defaultExpirationTime', 'autoRemove',
  'autoRemoveInterval', 'touchAfter', 'stringify', 'serialize', 'unserialize', 'transformId',
  'fallbackMemory', 'writeOperationOptions', 'mongooseConnection', 'mongoose_connection', 'db', 'dbPromise',
  'client', 'clientPromise', 'secret', 'host', 'port', 'username', 'password'
]

const HARMLESS = [
  // Of `secret`, and nothing without it.
  'algorithm', 'hashing', 'encodeas', 'iv_size', 'at_size', 'key_size',
  ...read.DRIVER_OPTIONS
]

const IGNORED = {
  mongoUrl: 'write url',
  collectionName: 'write collection',
  crypto: 'sessions are stored unencrypted; write secret',
  cryptoAdapter: 'sessions are stored unencrypted; write secret',
  timestamps: 'it is an option of MongoStore.create()',
  createAutoRemoveIdx: 'write autoRemove',
  clear_interval: "write autoRemove: 'interval' and autoRemoveInterval",
  hash: 'give the ids of connect-mongo 0.x with transformId'
}

const ENTRY = "require('connect-mongo-native')(session)"

/** Other people's connections, in the order that connect-mongo preferred them in. A url comes before them. */
const CONNECTIONS = [
  'mongooseConnection', 'mongoose_connection', 'db', 'client', 'clientPromise', 'dbPromise'
]

/**
 * The normalized options. A falsy value means the default nearly everywhere, since these versions
 * wrote `options.ttl || 1209600`.
 */
function normalize (given) {
  const options = read.optionsObject(given)
  warnOfSessionMongoose(options)
  const source = connectionOf(options)
  read.reportUnread(options, {
    entry: ENTRY, known: READ, harmless: [...HARMLESS, ...SESSION_MONGOOSE], ignored: IGNORED
  })
  const autoRemove = read.autoRemove(options.autoRemove || 'native')
  const mongoOptions = read.object('mongoOptions', options.mongoOptions)
  const dbName = read.string('dbName', options.dbName || undefined, null)
  if (source.url) warnOfDefaultDatabase({ ...source, mongoOptions, dbName })
  const form = {
    dialect: 'legacy',
    ...source,
    mongoOptions,
    dbName,
    collection: read.string('collection', options.collection || undefined, read.DEFAULTS.collection),
    layout: layoutOf(options),
    ttlMS: timeToLive(options),
    touchAfterMS: read.touchAfter(options.touchAfter),
    autoRemove,
    sweepIntervalMS: read.sweepInterval(options.autoRemoveInterval || undefined, autoRemove),
    stringify: options.stringify !== false,
    serialize: read.hook('serialize', options.serialize),
    unserialize: read.hook('unserialize', options.unserialize),
    transformId: read.transformId(options.transformId),
    writeConcern: read.writeConcern(options.writeOperationOptions),
    encryption: options.secret ? createLegacyAdapter(options) : null,
    fields: read.fields(options.fields),
    ...read.own(options, source)
  }
  return { ...form, conflicts: read.conflicts(options.conflicts, form) }
}

function layoutOf ({ maxLifetime }) {
  return { kind: 'connect-mongo', timestamps: false, background: false, maxLifetimeMS: read.maxLifetime(maxLifetime) }
}

/** Beside options that only connect-mongo has, those of session-mongoose mean nothing. */
function warnOfSessionMongoose (options) {
  const names = SESSION_MONGOOSE.filter(name => options[name] !== undefined)
  if (names.length === 0) return
  warn('CONNECT_MONGO_IGNORED_OPTION', `${ENTRY} ignores ${names.join(', ')}: an option of session-mongoose, beside ` +
    "options that only connect-mongo has. For a session-mongoose store use require('connect-mongo-native/session-mongoose')")
}

/** Silence would log everybody out of an app that comes from connect-mongo 2. */
function warnOfDefaultDatabase (form) {
  if (databaseNamed(form) !== undefined) return
  warn('CONNECT_MONGO_DEFAULT_DATABASE', `the url names no database: the sessions are in ${DEFAULT_DATABASE}, as with ` +
    'connect-mongo 3. Up to 2.x they were in admin. Write dbName, one or the other, or name the database in the url')
}

/** `defaultExpirationTime`, in milliseconds, is what `ttl` was called up to 0.8. */
function timeToLive ({ ttl, defaultExpirationTime }) {
  if (ttl || !defaultExpirationTime) return read.ttl('ttl', ttl || undefined)
  return read.ttl('defaultExpirationTime', defaultExpirationTime, { unit: 'milliseconds', unitMS: 1 })
}

function connectionOf (options) {
  if (options.url) return { url: read.string('url', options.url) }
  const borrowed = CONNECTIONS.find(name => options[name] && typeof options[name] !== 'string')
  if (borrowed) return { connection: read.connection(borrowed, options[borrowed]) }
  if (options.db) return { url: oldUrl(options) }
  const meant = options.mongoUrl ? '; did you mean url in place of mongoUrl?' : ''
  throw new TypeError(`Connection strategy not found: the option url is missing${meant}`)
}

/** The URL in the options of connect-mongo up to 0.8, where `db` was a database's name. */
function oldUrl ({ db, host, port, username, password, ssl }) {
  const server = read.string('host', host || undefined, '127.0.0.1')
  const number = read.number('port', port || undefined, { fallback: 27017, unit: 'a TCP port', min: 1, max: 65535 })
  const user = username ? `${encodeURIComponent(username)}:${encodeURIComponent(password ?? '')}@` : ''
  return `mongodb://${user}${server}:${number}/${encodeURIComponent(db)}${ssl ? '?ssl=true' : ''}`
}

module.exports = {
  normalize,

  /** The options that connect-mongo has or had. */
  NAMES: [...READ, ...Object.keys(IGNORED)],

  /** What `get` returns when there is no such session, and whether it emits 'get' then. */
  missing: undefined,
  announcesMissing: false,

  /** A touch of a session that is gone succeeds. */
  touchMissing () {},

  /** What `clear` and `destroy` return: in connect-mongo, what the driver and `emit` happened to return. */
  cleared: true,
  destroyed: emitted => emitted,

  /** Defines `store.client` and the like. Returns an object whose `close` closes what they opened. */
  attach: attachObjects,

  /** `store.state`, the latest of the events 'connected' and 'disconnected'. */
  hasState: true,

  properties: (form, options) => ({
    ttl: typeof form.ttlMS === 'function' ? options.ttl : form.ttlMS / read.SECOND,
    collectionName: form.collection,
    autoRemove: form.autoRemove,
    autoRemoveInterval: options.autoRemoveInterval || read.DEFAULTS.autoRemoveInterval,
    writeOperationOptions: options.writeOperationOptions || {}
  }),

  /** The object that was passed. */
  options: (form, options) => options,

  reply: (callback, value) => nextTick(callback, null, value)
}
