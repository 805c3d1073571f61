'use strict'

const TICK_MS = 20

/** Longer than this between two ticks, the event loop did not run. Milliseconds. */
const STALL_MS = 100

/**
 * The time for which the event loop has run: deadlines need a running event loop to be seen, and on a busy
 * machine it may stand still for longer than what is tested. Milliseconds.
 */
class LoopClock {
  #elapsed = 0
  #last = performance.now()
  #timer = setInterval(() => this.#tick(), TICK_MS).unref()

  get now () {
    return this.#elapsed + Math.min(performance.now() - this.#last, STALL_MS)
  }

  stop () {
    clearInterval(this.#timer)
  }

  #tick () {
    this.#elapsed = this.now
    this.#last = performance.now()
  }
}

module.exports = { LoopClock }
