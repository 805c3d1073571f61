'use strict'

const { clone } = require('./documents')

/** Numbers in the array. A full one is absorbed. */
const LENGTH = 8192

/** Numbers in the longest message. */
const MAX_MESSAGE = 9

/**
 * What the scheduler is told in its next turn: messages of a code and as many numbers as the code has, and
 * the rows and errors that they name by their index.
 */
class Messages {
  numbers = new Float64Array(LENGTH)
  #operands = []
  #absorb
  /** Until the turn that hears of them has ended. */
  #rows = []
  /** Until the addon has released them. */
  #errors = []
  #freeErrors = []

  /** `absorb` makes room. */
  constructor ({ fromJavaScript, operands }, absorb) {
    for (const [name, code] of Object.entries(fromJavaScript)) this.#operands[code] = operands[name]
    this.#absorb = absorb
  }

  get isEmpty () {
    return this.numbers[0] === 0
  }

  /** Cheaper than a list of operands. */
  say (code, a, b, c, d, e, f, g, h) {
    const numbers = this.numbers
    let at = numbers[0] + 1
    if (at + MAX_MESSAGE > LENGTH) {
      this.#absorb()
      at = 1
    }
    numbers[at] = code
    numbers[at + 1] = a
    numbers[at + 2] = b
    numbers[at + 3] = c
    numbers[at + 4] = d
    numbers[at + 5] = e
    numbers[at + 6] = f
    numbers[at + 7] = g
    numbers[at + 8] = h
    numbers[0] = at + this.#operands[code]
  }

  /** The scheduler has read them. */
  clear () {
    this.numbers[0] = 0
  }

  keepError (error) {
    const number = this.#freeErrors.pop() ?? this.#errors.length
    this.#errors[number] = error
    return number
  }

  error (index) {
    return this.#errors[index]
  }

  releaseError (number) {
    this.#errors[number] = undefined
    this.#freeErrors.push(number)
  }

  keepRow (row) {
    return this.#rows.push({ row, isGiven: false }) - 1
  }

  row (index) {
    return this.#rows[index].row
  }

  /** The value of a row. Gets that share one must not share its document. */
  valueOf (index) {
    const kept = this.#rows[index]
    const { value } = kept.row
    if (kept.isGiven) return clone(value)
    kept.isGiven = true
    return value
  }

  forgetRows () {
    this.#rows.length = 0
  }
}

module.exports = { Messages }
