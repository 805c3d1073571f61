'use strict'

const { makeError } = require('../support/errors')
const { clearTimeout, nextTick, Promise, setTimeout } = require('../support/realm')

const NO_ANSWER = 'no answer'
const UNKNOWN = 'outcome unknown'

/**
 * A backend that says when an outage has lasted for some time, and lets nobody wait for its end: what
 * `onOutage: 'skip'` adds to another backend.
 *
 * An outage is declared when no server that takes writes has been known for `outageAfterMS`. Operations that
 * wait then fail, and those that are called later fail after as long a time. The event 'disconnect' tells of
 * it, and 'connect' of its end, beside the other backend's events.
 */
class OutageBackend {
  isOut = false
  #backend
  #afterMS
  #listener = () => {}
  /** Each operation that has no outcome: `{ fail, timer }`. */
  #waiting = new Set()
  /** Until the outage is declared; null while there is a server. */
  #timer
  #isClosed = false

  constructor (backend, { outageAfterMS }) {
    this.#backend = backend
    this.#afterMS = outageAfterMS
    this.#lost()
  }

  get (...args) { return this.#bounded(NO_ANSWER, this.#backend.get(...args)) }
  set (...args) { return this.#bounded(UNKNOWN, this.#backend.set(...args)) }
  setIf (...args) { return this.#bounded(UNKNOWN, this.#backend.setIf(...args)) }
  touch (...args) { return this.#bounded(UNKNOWN, this.#backend.touch(...args)) }
  destroy (...args) { return this.#bounded(UNKNOWN, this.#backend.destroy(...args)) }
  discard (...args) { return this.#bounded(UNKNOWN, this.#backend.discard(...args)) }
  scan (...args) { return this.#bounded(NO_ANSWER, this.#backend.scan(...args)) }
  ids (...args) { return this.#bounded(NO_ANSWER, this.#backend.ids(...args)) }
  countWhere (...args) { return this.#bounded(NO_ANSWER, this.#backend.countWhere(...args)) }
  idsWhere (...args) { return this.#bounded(NO_ANSWER, this.#backend.idsWhere(...args)) }
  rowsWhere (...args) { return this.#bounded(NO_ANSWER, this.#backend.rowsWhere(...args)) }
  destroyWhere (...args) { return this.#bounded(UNKNOWN, this.#backend.destroyWhere(...args)) }
  writeFields (...args) { return this.#bounded(UNKNOWN, this.#backend.writeFields(...args)) }
  expired (...args) { return this.#bounded(NO_ANSWER, this.#backend.expired(...args)) }
  claim (...args) { return this.#bounded(UNKNOWN, this.#backend.claim(...args)) }
  count () { return this.#bounded(NO_ANSWER, this.#backend.count()) }
  clear () { return this.#bounded(UNKNOWN, this.#backend.clear()) }
  ping () { return this.#bounded(NO_ANSWER, this.#backend.ping()) }
  sweep () { return this.#bounded(UNKNOWN, this.#backend.sweep()) }
  stats () { return this.#backend.stats() }

  close () {
    this.#isClosed = true
    this.#stopTimer()
    return this.#backend.close()
  }

  onEvent (listener) {
    this.#listener = listener
    this.#backend.onEvent((kind, ...details) => {
      listener(kind, ...details)
      if (kind === 'connected') this.#found()
      else if (kind === 'disconnected') this.#lost()
    })
  }

  #lost () {
    if (this.#timer || this.isOut || this.#isClosed) return
    this.#timer = setTimeout(() => this.#declare(), this.#afterMS)
    this.#timer.unref?.() // whoever waits keeps the process alive
  }

  #found () {
    this.#stopTimer()
    if (!this.isOut) return
    this.isOut = false
    for (const { timer } of this.#waiting) clearTimeout(timer)
    this.#listener('connect')
  }

  #declare () {
    this.#stopTimer()
    this.isOut = true
    // First the app is told, so that who is failed and asks again is served without a session.
    this.#listener('disconnect')
    for (const { fail } of [...this.#waiting]) fail()
  }

  #stopTimer () {
    clearTimeout(this.#timer)
    this.#timer = null
  }

  /** `fate`: what is known of the operation if it fails by an outage. */
  #bounded (fate, promise) {
    return new Promise((resolve, reject) => {
      const fail = () => ended(() => reject(this.#error(fate)))
      const operation = { fail, timer: this.isOut ? setTimeout(fail, this.#afterMS) : undefined }
      const ended = settle => {
        this.#waiting.delete(operation)
        clearTimeout(operation.timer)
        settle()
      }
      this.#waiting.add(operation)
      promise.then(value => ended(() => resolve(value)), error => ended(() => reject(error)))
    })
  }

  #error (fate) {
    return makeError('MongoServerSelectionError',
      `no suitable server was found within ${this.#afterMS} ms (outageAfterMS): ${fate}`)
  }
}

/**
 * Tells each listener of 'disconnect' that comes during an outage. express-session, and Connect from 2.5 on,
 * listen when their middleware is made, and take a store for connected until it says otherwise.
 */
function tellLateListeners (store, backend) {
  store.on('newListener', (event, listener) => {
    if (event !== 'disconnect' || !backend.isOut) return
    nextTick(() => {
      // A `once` is called by its wrapper, which takes it away.
      const added = store.rawListeners('disconnect').findLast(one => one === listener || one.listener === listener)
      if (backend.isOut) added?.call(store)
    })
  })
}

/** The backend of a store, by its option `onOutage`. */
function boundedByOutages (store, backend, form) {
  if (form.onOutage === 'error') return backend
  const bounded = new OutageBackend(backend, form)
  tellLateListeners(store, bounded)
  return bounded
}

module.exports = { boundedByOutages }
