'use strict'

const { isPromise } = require('../support/realm')
const { SessionConflictError } = require('./errors')
const { mergeSessions } = require('./merge')

/** What a store makes of two requests' versions of one session, by its option `conflicts`. */
class Resolution {
  #codec
  #conflicts

  constructor (conflicts, codec) {
    this.#conflicts = conflicts
    this.#codec = codec
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
    if (!trees.every(tree => typeof tree === 'object' && tree !== null)) {
      throw new SessionConflictError(sid, 'has been changed by another request, and what is stored of it is no ' +
        'object that could be merged')
    }
    return this.#codec.fromTree(mergeSessions(...trees), ours)
  }

  #byFunction (base, theirs, ours, sid) {
    const copies = [base, theirs, ours].map(prepared => this.#copy(prepared))
    const session = this.#conflicts(...copies, sid)
    if (isPromise(session)) throw new TypeError('conflicts must not return a promise: got one')
    if (typeof session !== 'object' || session === null) {
      throw new TypeError(`conflicts must return the session to store, an object: got ${session === null ? 'null' : typeof session}`)
    }
    return this.#codec.prepare(session)
  }

  #tree (prepared) {
    return prepared === undefined || prepared === null ? {} : this.#codec.toTree(prepared)
  }

  #copy (prepared) {
    return prepared === undefined || prepared === null ? {} : this.#codec.revive(prepared)
  }
}

module.exports = { Resolution }
