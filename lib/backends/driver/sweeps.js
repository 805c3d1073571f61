'use strict'

const collectionCalls = require('./collection-calls')
const { hasTtlIndex } = require('./maintenance')

/** For who listens to 'expire'. src/store/maintenance.rs has the same text. */
const TTL_WARNING = 'the collection has a TTL index, by which MongoDB removes sessions that the event expire is then not ' +
  'emitted for. Remedy: drop that index'

/** The removal of expired rows: all at once, or one by one for a store that announces them. */
class Sweeps {
  /** How many there were, and how many rows they removed. */
  count = 0
  removed = 0

  #connection
  #layout
  #form
  #knowsIndexes = false

  constructor (connection, layout, form) {
    this.#connection = connection
    this.#layout = layout
    this.#form = form
  }

  async sweep () {
    const removed = await this.removeExpired()
    this.count++
    return removed
  }

  async removeExpired () {
    const removed = await collectionCalls.removeExpired(this.#connection, this.#layout, this.#form)
    this.removed += removed
    return removed
  }

  expired (limit) {
    return collectionCalls.expired(this.#connection, this.#layout, limit)
  }

  async claim (row, now) {
    const claimed = await collectionCalls.claim(this.#connection, this.#layout, { ...this.#form, row, now })
    if (claimed !== null) this.removed++
    return claimed
  }

  /** The store has swept by claims. `warn` gets one message if MongoDB removes rows, too. */
  async claimed (warn) {
    this.count++
    if (this.#knowsIndexes) return
    this.#knowsIndexes = true
    if (await hasTtlIndex(this.#connection)) warn(TTL_WARNING)
  }
}

module.exports = { Sweeps }
