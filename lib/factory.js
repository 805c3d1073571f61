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
 * What the modern store extends: express-session's Store, which is not there before the first store is made.
 * Legacy apps may have no express-session at all.
 */
function LazyStore (...args) {
  const { Store } = expressSession(MODERN_FORM)
  if (Object.getPrototypeOf(LazyStore.prototype) !== Store.prototype) {
    Object.setPrototypeOf(LazyStore.prototype, Store.prototype)
  }
  return Reflect.construct(Store, args, new.target)
}

const ModernStore = defineStore(LazyStore, { dialectOf: () => modern })

/**
 * What this package exports. With `new`: a store of connect-mongo 4.x to 6.x. Called with express-session (or
 * Connect 1-2, or Express 2-3, which bring their own): the store class of connect-mongo 0.x to 3.x.
 */
function MongoStore (options) {
  if (new.target === undefined) return storeFor(options)
  if (typeof options === 'function') throw wrongCall()
  return Reflect.construct(ModernStore, [options], new.target)
}

MongoStore.prototype = ModernStore.prototype
Object.defineProperty(MongoStore.prototype, 'constructor', {
  value: MongoStore, configurable: true, writable: true
})

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

/** The store class of session-mongoose, whatever the options. Without `connect`: for express-session. */
function sessionMongoose (connect) {
  const { Store } = connect === undefined ? expressSession(SESSION_MONGOOSE_FORM) : sessionModule(connect)
  return defineStore(Store, { dialectOf: () => sessionMongooseDialect })
}

/** The module with `Store` and `MemoryStore` in it. */
function sessionModule (connect) {
  const callable = typeof connect === 'function'
  if (!callable && (typeof connect !== 'object' || connect === null)) throw wrongCall()
  if ('Store' in connect) return connect
  // What `import * as session` makes of express-session.
  if (connect[Symbol.toStringTag] === 'Module' && connect.default?.Store) return connect.default
  const bundled = bundledSession(connect)
  if (bundled?.Store) return bundled
  // Connect 3 and Express 4+ have no sessions of their own: their apps use express-session.
  if (callable) return expressSession(LEGACY_FORM)
  throw wrongCall()
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

module.exports = { MongoStore, sessionMongoose }
