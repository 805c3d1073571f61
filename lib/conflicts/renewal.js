'use strict'

const { unmatchable } = require('./errors')
const { isPlain } = require('./merge')

/** A row that is as expected, and yet not found by that, is looked at so often. */
const LOOKS = 3

/**
 * The touch of a session that may have expired since it was loaded: it moves the expiration of a live row
 * alone, whoever has changed that meanwhile. It is a conditional set of what is stored already.
 */
class Renewal {
  isGone = false
  /** Why it was given up, if not because the session is gone: `{ error }`. */
  failure = null
  #documents
  #dates
  #sid
  #looks = 0

  constructor ({ documents }, sid, dates) {
    this.#documents = documents
    this.#sid = sid
    this.#dates = dates
  }

  attempt (stored) {
    const value = this.#documents.bare(stored)
    const same = isPlain(value) ? this.#documents.encode(value) : stored
    return { value: same, dates: this.#dates, expected: stored, now: Date.now() }
  }

  /** The set found `row` instead, or none. Resolves to the next attempt; null gives it up. */
  async conflict (row) {
    if (isLive(row) && ++this.#looks < LOOKS) return this.attempt(row.value)
    if (isLive(row)) this.failure = { error: unmatchable(this.#sid) }
    else this.isGone = true
    return null
  }
}

/** Whether there is a row that has not expired. */
function isLive (row) {
  return row !== null && (row.expires === undefined || row.expires > Date.now())
}

module.exports = { isLive, LOOKS, Renewal }
