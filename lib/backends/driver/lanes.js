'use strict'

// How many commands of one kind may be under way. Two are the start, not the limit: on a real network two
// would make operations linger (simulated at 30 ms round trip: p50 37 ms against 30). On loopback more would
// only make the batches smaller.

const START = 2
const LIMIT = 16

/** Milliseconds. An operation that has waited less opens no lane. */
const PATIENCE_MS = 2

class Lanes {
  busy = 0
  #open
  #start
  #limit
  #recentMS = 0

  /** `pool`: connections that the client may open. */
  constructor (pool) {
    this.#start = this.#open = Math.min(START, pool)
    this.#limit = Math.min(LIMIT, pool)
  }

  isFree () {
    return this.busy < this.#open
  }

  /** Milliseconds. After this wait of the oldest ready operation another lane opens. */
  patienceMS () {
    return Math.max(PATIENCE_MS, this.#recentMS / 2)
  }

  /** Whether one more lane may open for an operation that has waited for `waitedMS`. */
  widen (waitedMS) {
    const may = this.#open < this.#limit && waitedMS > this.patienceMS()
    if (may) this.#open++
    return may
  }

  /** Whether waiting could open another lane. */
  canWiden () {
    return this.#open < this.#limit
  }

  /** One more lane, for a command that would hold up the others. */
  add () {
    if (this.#open < this.#limit) this.#open++
  }

  startCommand () {
    this.busy++
  }

  /** `idle`: nothing waits any more, so an extra lane closes. */
  endCommand (tookMS, idle) {
    this.busy--
    this.#recentMS = (this.#recentMS * 7 + tookMS) / 8
    if (idle && this.#open > this.#start) this.#open--
  }
}

module.exports = { Lanes }
