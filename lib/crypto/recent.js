'use strict'

/** A Map of bounded size: what was used least recently goes first. */
class Recent {
  #entries = new Map() // in the order of use
  #limit

  constructor (limit) {
    this.#limit = limit
  }

  get size () {
    return this.#entries.size
  }

  get (key) {
    const value = this.#entries.get(key)
    if (value !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  set (key, value) {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value)
  }

  delete (key) {
    this.#entries.delete(key)
  }
}

module.exports = { Recent }
