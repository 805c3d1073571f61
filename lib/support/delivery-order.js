'use strict'

/**
 * Passes outcomes on in the order in which a backend delivered them, although each may need a step that takes
 * its time, such as a decryption.
 *
 * Outcomes that a backend delivers in one turn of the event loop come out in one turn, if their steps allow
 * it. Those of different turns come out in different ones: an operation's callback is called before the
 * events of what was delivered after it.
 */
class DeliveryOrder {
  /** Delivered and not passed on, oldest first. `settle` is null until the step has ended. */
  #waiting = []
  /** The turn in which outcomes are delivered now, and the one whose outcomes come out now. */
  #arriving = null
  #leaving = null

  /**
   * The promise of what `step` makes of a backend's promise: a value, or the promise of one. `blame` makes
   * the error to fail with out of the backend's.
   */
  pass (promise, step = value => value, blame = error => error) {
    return new Promise((resolve, reject) => {
      promise.then(
        value => this.#enter(() => step(value), resolve, reject),
        error => this.#enter(() => { throw blame(error) }, resolve, reject))
    })
  }

  #enter (step, resolve, reject) {
    if (this.#arriving === null) {
      this.#arriving = {}
      afterThisTurn(() => { this.#arriving = null })
    }
    const outcome = { turn: this.#arriving, settle: null }
    this.#waiting.push(outcome)
    const end = settle => {
      outcome.settle = settle
      this.#release()
    }
    const fail = error => end(() => reject(error))
    let result
    try {
      result = step()
    } catch (error) {
      return fail(error)
    }
    if (result instanceof Promise) result.then(value => end(() => resolve(value)), fail)
    else end(() => resolve(result))
  }

  #release () {
    while (this.#waiting.length > 0 && this.#waiting[0].settle !== null) {
      const { turn, settle } = this.#waiting[0]
      if (this.#leaving === null) {
        this.#leaving = turn
        afterThisTurn(() => {
          this.#leaving = null
          this.#release()
        })
      }
      if (this.#leaving !== turn) return
      this.#waiting.shift()
      settle()
    }
  }
}

/**
 * Calls back when all promise reactions that are due have run, and what these have given to `nextTick`, as
 * `callbacks.js` does.
 */
function afterThisTurn (callback) {
  process.nextTick(() => Promise.resolve().then(callback))
}

module.exports = { DeliveryOrder }
