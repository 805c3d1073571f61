'use strict'

// `clear`, `all`, `ids` and `length` see everything that was called before them. Operations belong to epochs.
// A barrier ends the epoch, and may run when no operation of it or of an earlier one is left.

class Barriers {
  #current = { left: 0 }
  /** Ended epochs, oldest first. */
  #ended = []

  /** The epoch of an operation that is called now. It counts until `leave`. */
  enter () {
    this.#current.left++
    return this.#current
  }

  leave (epoch) {
    epoch.left--
  }

  /** Ends the epoch: what comes later is not waited for. */
  place () {
    const ended = this.#current
    this.#ended.push(ended)
    this.#current = { left: 0 }
    return ended
  }

  /** Whether everything before a place has ended. */
  isOpen (place) {
    while (this.#ended.length > 0 && this.#ended[0].left === 0) this.#ended.shift()
    return !this.#ended.slice(0, this.#ended.indexOf(place) + 1).some(({ left }) => left > 0)
  }
}

module.exports = { Barriers }
