'use strict'

/** Writes of one id of which nobody knows what has become: each may apply at once, later or never. */
class LateWrites {
  #fences
  #late = []
  /** Those that may still apply after a later write was acknowledged: nothing promises to prevent that. */
  #overdue = []

  /** `fences`: whether such a write is over once a later one of its id is acknowledged. */
  constructor ({ fences }) {
    this.#fences = fences
  }

  add (write) {
    this.#late.push(write)
  }

  /** `unpromised`: those too that nothing promises to prevent. */
  list ({ unpromised = false } = {}) {
    return unpromised ? [...this.#late, ...this.#overdue] : this.#late
  }

  /** A later write of the id was acknowledged. */
  end () {
    const kept = this.#fences ? this.#late.filter(({ kind }) => kind === 'clear') : this.#late
    this.#overdue.push(...kept)
    this.#late = []
  }
}

module.exports = { LateWrites }
