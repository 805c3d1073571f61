'use strict'

const { isDate } = require('util/types')

const { isPromise, unawaited } = require('../support/realm')
const bson = require('./bson')
const { LastModified } = require('./dates')

// Between a session and the value in a row's `session` field. For the backends a value is a string, null, or,
// when it is anything else, what the backend's `documents` make of it: the BSON of `{ session: value }` for
// the core, a copy for a driver with a bson of its own.

/** What stands for a session that is not there. */
const MISSING = Symbol('missing')

/**
 * The codec of a store, by its normalized options `stringify`, `serialize` and `unserialize`.
 *
 * Beside `encode` and `decode`, it has the steps that a merge of sessions takes: what is stored is `seal` of
 * what `prepare` makes of a session, `open` and `revive` are the way back, and between `toTree` and
 * `fromTree` a prepared session is an object whose properties compare as they are stored.
 */
function createCodec ({ stringify, serialize, unserialize }, documents = bson) {
  const hooks = Boolean(serialize || unserialize)
  if (hooks) {
    // One hook alone leaves the other side plain: sessions are stored as documents, and come back as they are
    // stored.
    serialize ??= plain
    unserialize ??= identity
  } else if (!stringify) {
    documents.load() // if bson is missing, fail when the store is made, not at the first visitor's request
    serialize = plain
  }
  const encode = serialize ? session => encodeValue(serialize(session), documents) : encodeJson
  const decode = unserialize ? value => unserialize(rawValue(value, documents)) : value => decodeValue(value, documents)
  return {
    encode,
    decode,
    hasHook: hooks,
    prepare: encode,
    seal: identity,
    open: identity,
    revive: decode,
    // What a hook has made a text of, only the other hook can read.
    toTree: value => hooks && typeof value === 'string' ? decode(value) : decodeValue(value, documents),
    fromTree: (tree, like) => {
      if (typeof like !== 'string') return documents.encode(tree)
      return hooks ? encode(tree) : JSON.stringify(tree)
    }
  }
}

/** `undefined` is no session; connect-mongo stores it as null. */
function encodeJson (session) {
  return JSON.stringify(withDateAsText(session)) ?? null
}

const { toJSON: dateToJSON } = Date.prototype

/**
 * A session of express-session's with its cookie as data and a text for its date: the JSON is the same, and
 * there 0.4 µs sooner, of 3.3 for a session of 1 KB (Node.js 20). Any other session as it is.
 */
function withDateAsText (session) {
  if (!isPlainAsJson(session) || !Object.hasOwn(session, 'cookie')) return session
  const { cookie } = session
  if (typeof cookie?.toJSON !== 'function') return session
  const data = cookie.toJSON('cookie')
  const expires = data?.expires
  // Apps change what dates become.
  if (!isPlainAsJson(data) || !isDate(expires) || expires.toJSON !== dateToJSON) return session
  if (Number.isNaN(expires.getTime())) return session
  return { ...session, cookie: { ...data, expires: expires.toISOString() } }
}

/** Whether the JSON of a value is that of its properties. */
function isPlainAsJson (value) {
  return typeof value === 'object' && value !== null && value.toJSON === undefined && !Array.isArray(value)
}

function encodeValue (value, documents) {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (isPromise(unawaited(value))) throw new TypeError('serialize must not return a promise')
  if (value.lastModified instanceof LastModified) {
    const { lastModified, ...session } = value
    return documents.encode(session)
  }
  return documents.encode(value)
}

/** What is stored decides how it is read, whatever `stringify` says now: it may have been different then. */
function decodeValue (value, documents) {
  const stored = rawValue(value, documents)
  if (typeof stored !== 'string') return stored
  try {
    return JSON.parse(stored)
  } catch {
    // Not the parser's own message, which quotes the session.
    throw new SyntaxError('the stored session is not JSON: was it written encrypted, or by a serialize hook?')
  }
}

/** What the driver would have read: of BSON's symbol a string; of its undefined, and of no value, null. */
function rawValue (value, documents) {
  return value === null || typeof value === 'string' ? value : documents.decode(value) ?? null
}

/**
 * A shallow copy, with the cookie's data in place of the Cookie, which would be stored twice over: it has its
 * data as a property too. Inherited properties count, as in connect-mongo up to 5; the methods among them are
 * not stored.
 */
function plain (session) {
  const copy = {}
  for (const name in session) {
    const value = session[name]
    copy[name] = name === 'cookie' && typeof value?.toJSON === 'function' ? value.toJSON() : value
  }
  return copy
}

function identity (value) {
  return value
}

module.exports = { createCodec, decodeValue, encodeJson, encodeValue, identity, MISSING, plain, rawValue }
