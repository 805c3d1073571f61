'use strict'

const { createKrupteinAdapter } = require('../crypto/adapters')
const { describe } = require('../support/describe')
const { discreetOptions } = require('../support/discreet')
const { attachPromises } = require('../driver-objects/store-properties')
const read = require('./options')
const { nextTick } = require('../support/realm')

// connect-mongo 4.x to 6.x: `MongoStore.create(options)` or `new MongoStore(options)`.

const READ = [
  'mongoUrl', 'mongoOptions', 'dbName', 'collectionName', 'ttl', 'autoRemove', 'autoRemoveInterval',
  'touchAfter', 'stringify', 'serialize', 'unserialize', 'transformId', 'timestamps', 'writeOperationOptions',
  'client', 'clientPromise', 'crypto', 'cryptoAdapter', 'createAutoRemoveIdx'
]

const HARMLESS = [
  // Of a top-level `secret`, which has a warning of its own.
  'algorithm', 'hashing', 'encodeas', 'iv_size', 'at_size', 'key_size',
  ...read.DRIVER_OPTIONS
]

const IGNORED = {
  url: 'mongoUrl comes first',
  collection: 'write collectionName',
  secret: 'sessions are stored unencrypted; write crypto: { secret }',
  mongooseConnection: 'write client: connection.getClient()',
  mongoose_connection: 'write client: connection.getClient()',
  db: 'write client and dbName',
  dbPromise: 'write clientPromise and dbName',
  host: 'write mongoUrl',
  port: 'write mongoUrl',
  username: 'write mongoUrl',
  password: 'write mongoUrl',
  fallbackMemory: "it is an option of require('connect-mongo-native')(session)",
  defaultExpirationTime: 'write ttl, in seconds',
  clear_interval: "write autoRemove: 'interval' and autoRemoveInterval",
  hash: 'give the ids of connect-mongo 0.x with transformId'
}

/** connect-mongo's limit, in minutes. */
const MAX_AUTO_REMOVE_INTERVAL = 71582

/**
 * The normalized options. Only `undefined` means the default: these versions used default
 * parameters.
 */
function normalize (given) {
  const options = read.optionsObject(given)
  const source = connectionOf(options)
  refuse(options)
  read.reportUnread(options.mongoUrl ? options : { ...options, url: undefined }, {
    entry: 'MongoStore.create()', known: READ, harmless: HARMLESS, ignored: IGNORED
  })
  const autoRemove = read.autoRemove(options.autoRemove === undefined ? 'native' : options.autoRemove)
  const form = {
    dialect: 'modern',
    ...source,
    mongoOptions: read.object('mongoOptions', options.mongoOptions),
    dbName: read.string('dbName', options.dbName || undefined, null),
    collection: read.string('collectionName', options.collectionName, read.DEFAULTS.collection),
    layout: layoutOf(options),
    ttlMS: read.ttl('ttl', options.ttl),
    touchAfterMS: read.touchAfter(options.touchAfter),
    autoRemove,
    sweepIntervalMS: read.sweepInterval(options.autoRemoveInterval, autoRemove),
    stringify: options.stringify !== false,
    serialize: read.hook('serialize', options.serialize),
    unserialize: read.hook('unserialize', options.unserialize),
    transformId: read.transformId(options.transformId),
    writeConcern: read.writeConcern(options.writeOperationOptions),
    encryption: encryption(options),
    fields: read.fields(options.fields),
    ...read.own(options, source)
  }
  return { ...form, conflicts: read.conflicts(options.conflicts, form) }
}

function layoutOf ({ maxLifetime, timestamps }) {
  return {
    kind: 'connect-mongo',
    timestamps: Boolean(timestamps),
    background: true,
    maxLifetimeMS: read.maxLifetime(maxLifetime)
  }
}

/**
 * `mongoUrl`, then borrowed clients, as in connect-mongo; only then `url`, with which connect-mongo does not
 * start.
 */
function connectionOf (options) {
  if (options.mongoUrl) return { url: read.string('mongoUrl', options.mongoUrl) }
  const borrowed = ['clientPromise', 'client'].find(name => options[name])
  if (borrowed) return { connection: read.connection(borrowed, options[borrowed]) }
  if (options.url) return { url: read.string('url', options.url) }
  const meant = options.mongooseConnection ? '; did you mean client: connection.getClient()?' : ''
  throw new TypeError(
    `Cannot init client. You must provide either mongoUrl|clientPromise|client in options${meant}`)
}

/** What connect-mongo 6 throws for, in its words. */
function refuse ({ createAutoRemoveIdx, autoRemoveInterval, crypto, cryptoAdapter }) {
  if (createAutoRemoveIdx !== undefined && createAutoRemoveIdx !== null) {
    throw new TypeError('options.createAutoRemoveIdx has been reverted to autoRemove and autoRemoveInterval')
  }
  if (autoRemoveInterval > MAX_AUTO_REMOVE_INTERVAL) {
    throw new RangeError(
      'autoRemoveInterval is too large. options.autoRemoveInterval is in minutes but not seconds nor mills: ' +
      `it must be between 0 and ${MAX_AUTO_REMOVE_INTERVAL}, got ${Number(autoRemoveInterval)}`)
  }
  if (crypto !== undefined && cryptoAdapter !== undefined) {
    throw new TypeError('Provide either the legacy crypto option or cryptoAdapter, not both')
  }
}

/** The adapter, or null. Of `crypto`, only `secret: false` says that nothing is to be encrypted. */
function encryption ({ crypto, cryptoAdapter }) {
  if (cryptoAdapter) {
    if (typeof cryptoAdapter.encrypt === 'function' && typeof cryptoAdapter.decrypt === 'function') return cryptoAdapter
    throw new TypeError(`cryptoAdapter must have the functions encrypt and decrypt: got ${describe(cryptoAdapter)}`)
  }
  if (crypto === undefined || crypto === null || crypto.secret === false) return null
  if (typeof crypto !== 'object') throw new TypeError(`crypto must be an object: got ${describe(crypto)}`)
  return createKrupteinAdapter(crypto)
}

module.exports = {
  normalize,

  /** What `get` returns when there is no such session, and whether it emits 'get' then. */
  missing: null,
  announcesMissing: true,

  /** A touch of a session that is gone is an error. */
  touchMissing () {
    throw new Error('Unable to find the session to touch')
  },

  /** What `clear` and `destroy` return. */
  cleared: undefined,
  destroyed () {},

  /** Defines `store.clientP` and the like. Returns an object whose `close` closes what they opened. */
  attach: attachPromises,

  /** No `store.state`. */
  hasState: false,

  properties: ({ encryption }) => ({ cryptoAdapter: encryption }),

  /** A new object, the defaults filled in. */
  options: (form, options) => discreetOptions({
    ...options,
    collectionName: form.collection,
    ttl: typeof form.ttlMS === 'function' ? options.ttl : form.ttlMS / read.SECOND,
    mongoOptions: form.mongoOptions,
    autoRemove: form.autoRemove,
    autoRemoveInterval: options.autoRemoveInterval ?? read.DEFAULTS.autoRemoveInterval,
    touchAfter: form.touchAfterMS / read.SECOND,
    stringify: form.stringify,
    timestamps: form.layout.timestamps,
    cryptoAdapter: form.encryption
  }),

  /** Without a value, the callback gets `null` alone. */
  reply (callback, value) {
    if (value === undefined) nextTick(callback, null)
    else nextTick(callback, null, value)
  }
}
