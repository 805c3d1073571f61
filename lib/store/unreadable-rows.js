'use strict'

const { isDeepStrictEqual } = require('util')

const { MISSING } = require('../session/codec')
const { Unreadable } = require('../session/unreadable')
const { warn } = require('../support/warnings')

/** What a store does about rows whose session it cannot read, by its option `onUnreadable`. */
class UnreadableRows {
  #backend
  #documents
  #form

  constructor (backend, { documents }, form) {
    this.#backend = backend
    this.#documents = documents
    this.#form = form
  }

  /**
   * What a `get` of this id returns instead: a session or MISSING. `read()` gets it anew. `destroyed()` is
   * told that the row has been removed.
   */
  async replace (unreadable, id, { read, destroyed }) {
    const { onUnreadable } = this.#form
    if (onUnreadable === 'error') throw unreadable.reason
    if (onUnreadable === 'ignore') return MISSING
    if (await this.#backend.discard(id, unreadable.stored)) {
      destroyed()
      return MISSING
    }
    // Somebody has written to the row meanwhile, or removed it.
    const now = await read()
    if (!(now instanceof Unreadable)) return now
    // What the driver has read of it, MongoDB does not find equal: it can never be removed in this way.
    if (this.#isSame(now.stored, unreadable.stored)) throw now.reason
    return this.replace(now, id, { read, destroyed })
  }

  /** A row among others says nothing of them: it is left out. */
  listed (session) {
    if (!(session instanceof Unreadable)) return session
    warn('CONNECT_MONGO_UNREADABLE', `${this.#form.collection}: sessions that cannot be read are left out of what is ` +
      'listed. A get of one fails with the reason, unless the option onUnreadable says otherwise')
    return MISSING
  }

  #isSame (one, other) {
    const { bare } = this.#documents
    return isDeepStrictEqual(bare(one), bare(other))
  }
}

module.exports = { UnreadableRows }
