'use strict'

const { isPlain } = require('../session/plain')
const { unmatchable } = require('./errors')
const { isSame } = require('./merge')

/** How often a conditional set is tried on a row that holds the expected value and is not matched by it. */
const LOOKS = 3

/**
 * The touch of a session that may have expired since it was loaded. It moves the expiration only if the row
 * is still live, even if another request has changed the session: a conditional set of what is stored.
 */
class ConditionalTouch {
  isGone = false
  /** Why it was given up, if not because the session is gone: `{ error }`. */
  failure = null
  #documents
  #dates
  #sid
  #expected
  #looks = 0

  constructor ({ documents }, sid, dates) {
    this.#documents = documents
    this.#sid = sid
    this.#dates = dates
  }

  attempt (stored) {
    this.#expected = stored
    const value = this.#documents.bare(stored)
    const same = isPlain(value) ? this.#documents.encode(value) : stored
    return { value: same, dates: this.#dates, expected: stored, now: Date.now() }
  }

  /** The set found `row` instead, or none. Resolves to the next attempt; null gives it up. */
  async conflict (row) {
    try {
      if (isLive(row)) return this.#again(row)
      this.isGone = true
    } catch (error) {
      this.failure = { error }
    }
    return null
  }

  #again (row) {
    const { bare } = this.#documents
    if (isSame(bare(row.value), bare(this.#expected)) && ++this.#looks === LOOKS) throw unmatchable(this.#sid)
    return this.attempt(row.value)
  }
}

/** Whether there is a row that has not expired. */
function isLive (row) {
  return row !== null && (row.expires === undefined || row.expires > Date.now())
}

module.exports = { ConditionalTouch, isLive, LOOKS }
