'use strict'

const { isPromise, nextTick, Promise } = require('./realm')

/**
 * Passes outcomes on in the order in which a backend delivered them, although each may need an asynchronous
 * step first, such as its decryption.
 *
 * Outcomes that the backend delivered in different turns of the event loop come out in different turns. So an
 * operation's callback is called before the events of an operation that was delivered in a later turn.
 */
class DeliveryOrder {
  /** Delivered and not passed on, oldest first. `settle` is null until the step has ended. */
  #waiting = []
  /** The turn in which outcomes are delivered now, and the one whose outcomes come out now. */
  #arriving = null
  #leaving = null

  /**
   * Resolves to what `step` returns for the backend's value, be it a value or a promise, or to what `failed`
   * returns for its error, unless it throws.
   */
  pass (promise, step = value => value, failed = error => { throw error }) {
    return new Promise((resolve, reject) => {
      promise.then(
        value => this.#enter(() => step(value), resolve, reject),
        error => this.#enter(() => failed(error), resolve, reject))
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
    if (isPromise(result)) result.then(value => end(() => resolve(value)), fail)
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
 * Calls back when all pending promise reactions have run, and then the callbacks that these have passed to
 * `nextTick`, as callbacks.js does.
 */
function afterThisTurn (callback) {
  nextTick(() => Promise.resolve().then(callback))
}

module.exports = { DeliveryOrder }
