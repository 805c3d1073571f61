'use strict'

/**
 * What was put in comes out `delay` later, in the order in which it was put in: a queue with the time at
 * which each item is due. All times are of one clock, in any unit.
 */
class DelayLine {
  #delay
  #items = []
  #first = 0

  constructor (delay) {
    this.#delay = delay
  }

  put (item, now) {
    this.#items.push({ item, due: now + this.#delay })
  }

  /** Takes out what is due. */
  take (now) {
    const from = this.#first
    while (this.#first < this.#items.length && this.#items[this.#first].due <= now) this.#first++
    const taken = this.#items.slice(from, this.#first).map(({ item }) => item)
    // Only now and then, or each take would move the whole queue.
    if (this.#first > 1000 || this.#first === this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    return taken
  }

  /** When the next item is due; undefined where there is none. */
  get next () {
    return this.#items[this.#first]?.due
  }
}

module.exports = { DelayLine }
