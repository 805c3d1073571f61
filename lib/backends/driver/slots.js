'use strict'

const { makeError } = require('../../support/errors')
const { clearTimeout, Promise, setTimeout } = require('../../support/realm')

// Operations by number: their promises, their values, and the ids that the scheduler knows by number.

/** Of an operation on the whole collection. */
const NO_KEY = -1

class Slots {
  #maxQueue
  #refusal = null
  #all = []
  #free = []
  /** How many are in use, with an outcome or without. */
  #used = 0
  #keys = new Map()
  #ids = []
  #freeKeys = []
  #waiting = []

  /** How many have no outcome. */
  open = 0

  constructor (maxQueue) {
    this.#maxQueue = maxQueue
  }

  /** A slot for an operation on an id, or on none. What is refused has a promise and no number. */
  enter (id) {
    const refusal = this.#refusal ?? this.#full()
    if (refusal !== null) return { refused: true, promise: Promise.reject(refusal) }
    const slot = new Slot(this, this.#free.pop() ?? this.#all.length, id === null ? NO_KEY : this.#keyOf(id))
    this.#all[slot.number] = slot
    this.#used++
    this.open++
    return slot
  }

  at (number) {
    return this.#all[number]
  }

  idOf (key) {
    return this.#ids[key].id
  }

  /** The number of a further id that the operation in a slot is about. */
  keyFor (slot, id) {
    const key = this.#keyOf(id)
    slot.keys.push(key)
    return key
  }

  /** Nothing holds the operation any more. */
  release (number) {
    const slot = this.#all[number]
    slot.isReleased = true
    this.#all[number] = undefined
    this.#free.push(number)
    this.#used--
    if (slot.key !== NO_KEY) this.#forgetKey(slot.key)
    for (const key of slot.keys) this.#forgetKey(key)
    this.#look()
  }

  refuse (error) {
    this.#refusal = error
  }

  /** Resolves when every operation has its outcome. */
  settled () {
    return this.#until(() => this.open === 0)
  }

  /** Resolves when nothing is held any more, or `limitMS` has passed. */
  async released (limitMS) {
    let timer
    const late = new Promise(resolve => { timer = setTimeout(resolve, limitMS) })
    await Promise.race([this.#until(() => this.#used === 0), late])
    clearTimeout(timer)
  }

  hasOutcome () {
    this.open--
    this.#look()
  }

  #full () {
    if (this.#used < this.#maxQueue) return null
    return makeError('MongoQueueFullError',
      `the queue is full: ${this.#maxQueue} operations wait, as many as maxQueue allows`)
  }

  #keyOf (id) {
    let key = this.#keys.get(id.key)
    if (key === undefined) {
      key = this.#freeKeys.pop() ?? this.#ids.length
      this.#keys.set(id.key, key)
      this.#ids[key] = { id, users: 0 }
    }
    this.#ids[key].users++
    return key
  }

  #forgetKey (key) {
    const known = this.#ids[key]
    if (--known.users > 0) return
    this.#keys.delete(known.id.key)
    this.#ids[key] = undefined
    this.#freeKeys.push(key)
  }

  #until (isTrue) {
    if (isTrue()) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ isTrue, resolve }))
  }

  #look () {
    if (this.#waiting.length === 0) return
    for (const waiting of this.#waiting.filter(({ isTrue }) => isTrue())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.resolve()
    }
  }
}

/** One operation. Whoever settles it first does. */
class Slot {
  refused = false
  isReleased = false
  value = undefined
  /** Beside the value. */
  fields = undefined
  /** What destroys by a filter: how to find its rows, and their ids' numbers. */
  find = null
  filter = undefined
  keys = []
  /** Of a conditional set. */
  condition = null
  conflict = null
  run = null
  #slots
  #resolve
  #reject
  #isSettled = false

  constructor (slots, number, key) {
    this.#slots = slots
    this.number = number
    this.key = key
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  resolve (value) {
    if (this.#settle()) this.#resolve(value)
  }

  reject (error) {
    if (this.#settle()) this.#reject(error)
  }

  #settle () {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#slots.hasOutcome()
    return true
  }
}

module.exports = { Slots }
