'use strict'

const { isDate } = require('util/types')

const { describe } = require('../support/describe')
const { isPromise } = require('../support/realm')
const { identity } = require('./codec')

// Rows whose session cannot be read: of the wrong type, no JSON, refused by a hook, not to be decrypted.

const UNDECRYPTABLE = 'ERR_SESSION_UNDECRYPTABLE'

/** Stands for a session that cannot be read. `stored`: the row's value. */
class Unreadable {
  constructor (reason, stored) {
    this.reason = reason
    this.stored = stored
  }
}

/**
 * The steps of a codec's way back, which return an Unreadable where the row is to blame. What else fails,
 * such as an adapter that takes too long, may succeed the next time, and is thrown.
 */
class Reader {
  #codec
  #keep

  /** `keep` makes a copy of a stored value that a hook, or the app, may change. */
  constructor (codec, keep) {
    this.#codec = codec
    this.#keep = keep
  }

  /** The session of a stored value, or an Unreadable, or the promise of either. */
  read (value) {
    const stored = this.#keep(value)
    if (this.#codec.open === identity) return this.revive(value, stored)
    return then(this.open(value, stored), opened => this.revive(opened, stored))
  }

  open (value, stored) {
    return guarded(() => this.#codec.open(value), isUndecryptable, stored)
  }

  /** `opened` may be an Unreadable. */
  revive (opened, stored) {
    if (opened instanceof Unreadable) return opened
    try {
      const session = this.#checked(this.#codec.revive(opened))
      return isPromise(session) ? session.then(undefined, error => unreadable(error, isOfRow, stored)) : session
    } catch (error) {
      return unreadable(error, isOfRow, stored)
    }
  }

  /** express-session fails by anything but an object, and its texts say nothing of the row. */
  #checked (session) {
    if (this.#codec.hasHook || session === null || session === undefined || isSession(session)) return session
    throw new TypeError(`the stored session is no object: it is ${kindOf(session)}`)
  }
}

function isSession (value) {
  if (typeof value !== 'object') return false
  // Nearly all are plain objects; the questions below take longer.
  if (Object.getPrototypeOf(value) === Object.prototype) return true
  return !Array.isArray(value) && !isDate(value) && !Buffer.isBuffer(value) && !isOfBson(value)
}

/** An instance of one of bson's classes, whose mark a session may have as a property of its own. */
function isOfBson (value) {
  const prototype = Object.getPrototypeOf(value)
  return value._bsontype !== undefined && prototype !== null && Object.getPrototypeOf(prototype) !== null
}

/** Without anything of what is stored. */
function kindOf (value) {
  return typeof value === 'object' ? describe(value) : `a ${typeof value}`
}

function isUndecryptable (error) {
  return error?.code === UNDECRYPTABLE
}

/** Not of the process, which may lack a package. */
function isOfRow (error) {
  return error?.code !== 'MODULE_NOT_FOUND'
}

function unreadable (error, isRows, stored) {
  if (isRows(error)) return new Unreadable(error, stored)
  throw error
}

function guarded (step, isRows, stored) {
  const failed = error => unreadable(error, isRows, stored)
  try {
    const result = step()
    return isPromise(result) ? result.then(undefined, failed) : result
  } catch (error) {
    return failed(error)
  }
}

/** `then` for a value that may be a promise. */
function then (value, next) {
  return isPromise(value) ? value.then(next) : next(value)
}

module.exports = { Reader, then, UNDECRYPTABLE, Unreadable }
