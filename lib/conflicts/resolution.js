'use strict'

const { isDate } = require('util/types')

const { describe } = require('../support/describe')
const { isPromise, unawaited } = require('../support/realm')
const { isPlain, unshared } = require('../session/plain')
const { SessionConflictError } = require('./errors')
const { mergeSessions } = require('./merge')

/** What a store makes of two requests' versions of one session, by its option `conflicts`. */
class Resolution {
  #codec
  #conflicts
  #documents

  constructor (conflicts, codec, documents) {
    this.#conflicts = conflicts
    this.#codec = codec
    this.#documents = documents
  }

  /**
   * All three are prepared sessions; a base of undefined is that of a new session, theirs of null is one that
   * passes for missing. Returns the prepared session to store.
   */
  resolve (base, theirs, ours, sid) {
    if (this.#conflicts === 'reject') {
      throw new SessionConflictError(sid, 'has been changed by another request since it was loaded')
    }
    if (typeof this.#conflicts === 'function') return this.#byFunction(base, theirs, ours, sid)
    return this.merge(base, theirs, ours, sid)
  }

  merge (base, theirs, ours, sid) {
    const trees = [base, theirs, ours].map(prepared => this.#tree(prepared))
    if (!trees.every(isPlain)) {
      throw new SessionConflictError(sid, 'has been changed by another request, and what is stored of it is no ' +
        'object that could be merged')
    }
    return this.#codec.fromTree(mergeSessions(...trees), ours)
  }

  #byFunction (base, theirs, ours, sid) {
    const copies = [base, theirs, ours].map(prepared => this.sessionOf(prepared))
    const session = this.#conflicts(...copies, sid)
    if (isPromise(unawaited(session))) throw new TypeError('conflicts must not return a promise: got one')
    if (typeof session !== 'object' || session === null || Array.isArray(session) || isDate(session)) {
      throw new TypeError(`conflicts must return the session to store, an object: got ${describe(session)}`)
    }
    return this.#codec.prepare(session)
  }

  #tree (prepared) {
    return prepared === undefined || prepared === null ? {} : this.#codec.toTree(prepared)
  }

  /** The session of a prepared one, which shares nothing with what is compared: the app may change it. */
  sessionOf (prepared) {
    if (prepared === undefined || prepared === null) return {}
    return this.#codec.revive(unshared(prepared, this.#documents))
  }
}

module.exports = { Resolution }
