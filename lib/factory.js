'use strict'

const legacy = require('./dialects/legacy')
const modern = require('./dialects/modern')
const sessionMongooseDialect = require('./dialects/session-mongoose')
const { findPeer, missingPeer } = require('./support/peers')
const { defineStore } = require('./store')

const LEGACY_FORM = "require('connect-mongo-native')(require('express-session'))"
const SESSION_MONGOOSE_FORM = "require('connect-mongo-native/session-mongoose')(require('express-session'))"
const MODERN_FORM = "MongoStore.create({ mongoUrl: 'mongodb://…' })"

/** The app's express-session. */
function expressSession (feature) {
  const session = findPeer(['express-session'])
  if (session === undefined) throw missingPeer('express-session', feature)
  return session
}

/**
 * What stores extend that are made without a session module: express-session's Store, which is not there
 * before the first of them is made. Other apps may have no express-session at all.
 */
function lazyStore (feature) {
  return function LazyStore (...args) {
    const { Store } = expressSession(feature)
    if (Object.getPrototypeOf(LazyStore.prototype) !== Store.prototype) {
      Object.setPrototypeOf(LazyStore.prototype, Store.prototype)
    }
    return Reflect.construct(Store, args, new.target)
  }
}

const ModernStore = defineStore(lazyStore(MODERN_FORM), { dialectOf: () => modern })
const SessionMongooseStore = defineStore(lazyStore(SESSION_MONGOOSE_FORM), { dialectOf: () => sessionMongooseDialect })

/**
 * What this package exports. With `new`: a store of connect-mongo 4.x to 6.x. Called with express-session (or
 * Connect 1-2, or Express 2-3, which bring their own): the store class of connect-mongo 0.x to 3.x.
 */
function MongoStore (options) {
  if (new.target === undefined) return storeFor(options)
  if (typeof options === 'function') throw wrongCall()
  return Reflect.construct(ModernStore, [options], new.target)
}

makesThoseOf(MongoStore, ModernStore)

/** connect-mongo's `create`: a store, of the subclass that it is called on, if any. */
MongoStore.create = function create (options) {
  return new (typeof this === 'function' ? this : MongoStore)(options)
}

/** The store class for an app's `connect`: of connect-mongo 0.x to 3.x, or of session-mongoose. */
function storeFor (connect) {
  const { Store, MemoryStore } = sessionModule(connect)
  return defineStore(Store, { dialectOf: legacyDialect, MemoryStore })
}

/** These two packages were used alike. */
function legacyDialect (options) {
  const isSessionMongoose = sessionMongooseDialect.isMeant(options ?? {}, legacy.NAMES)
  return isSessionMongoose ? sessionMongooseDialect : legacy
}

/**
 * The store class of session-mongoose, whatever the options. Without `connect`: for express-session. With
 * `new` and options: a store, as with session-mongoose up to 0.1, which exported its class.
 */
function sessionMongoose (connect) {
  if (new.target !== undefined && !isSessionModule(connect)) {
    return Reflect.construct(SessionMongooseStore, [connect], new.target)
  }
  const { Store } = connect === undefined
    ? expressSession(SESSION_MONGOOSE_FORM)
    : sessionModule(connect, wrongSessionMongoose)
  return defineStore(Store, { dialectOf: () => sessionMongooseDialect })
}

makesThoseOf(sessionMongoose, SessionMongooseStore)

/** Lets a function pass for the class of the stores that it makes. */
function makesThoseOf (constructor, { prototype }) {
  constructor.prototype = prototype
  Object.defineProperty(prototype, 'constructor', { value: constructor, configurable: true, writable: true })
}

function isSessionModule (value) {
  if (typeof value === 'function') return true
  return typeof value === 'object' && value !== null && ('Store' in value || 'session' in value)
}

/** The module with `Store` and `MemoryStore` in it. `wrong` makes the error for what is none. */
function sessionModule (connect, wrong = wrongCall) {
  const callable = typeof connect === 'function'
  if (!callable && (typeof connect !== 'object' || connect === null)) throw wrong()
  if ('Store' in connect) return connect
  // What `import * as session` makes of express-session.
  if (connect[Symbol.toStringTag] === 'Module' && connect.default?.Store) return connect.default
  const bundled = bundledSession(connect)
  if (bundled?.Store) return bundled
  // Connect 3 and Express 4+ have no sessions of their own: their apps use express-session.
  if (callable) return expressSession(LEGACY_FORM)
  throw wrong()
}

/**
 * Of Connect 1-2 and Express 2-3. In Express 4+ the property is a getter that throws, to say that it is gone.
 */
function bundledSession (connect) {
  try {
    return connect.session
  } catch {
    return undefined
  }
}

function wrongCall () {
  return new TypeError(`connect-mongo-native is used as ${MODERN_FORM}, or as ${LEGACY_FORM}`)
}

function wrongSessionMongoose () {
  return new TypeError(`connect-mongo-native/session-mongoose is used as ${SESSION_MONGOOSE_FORM}, whose result is the ` +
    "class of the stores, or as session-mongoose up to 0.1: new (require('connect-mongo-native/session-mongoose'))({ url })")
}

module.exports = { MongoStore, sessionMongoose }
