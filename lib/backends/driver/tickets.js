'use strict'

const { performance } = require('node:perf_hooks')

const { makeError } = require('./errors')

// Each operation's one outcome: admission, bounds, deadlines. Replies and deadlines race for it.

/** Bytes of sessions that wait, of all stores of the process. */
const MAX_PAYLOAD_BYTES = 64 << 20

let payloadBytes = 0

/** Apps fake their clocks in tests, and deadlines are not of their time. */
const { setTimeout } = globalThis
const now = performance.now.bind(performance)

class Tickets {
  timeoutMS
  #stats
  #maxQueue
  #onOverdue
  #timeoutError
  #refusal = null
  /** Those without an outcome, oldest first. */
  #open = new Set()
  #timer = null
  #idlers = []

  /** `timeoutError(ticket)` returns the error of an operation that is overdue, or null for the usual one. */
  constructor ({ stats, timeoutMS, maxQueue, onOverdue, timeoutError = () => null }) {
    this.timeoutMS = timeoutMS
    this.#stats = stats
    this.#maxQueue = maxQueue
    this.#onOverdue = onOverdue
    this.#timeoutError = timeoutError
  }

  get size () {
    return this.#open.size
  }

  /** Accepts an operation, or settles it at once: `{ ticket, outcome }`. */
  open (kind, bytes) {
    const ticket = { kind, bytes, admittedAt: now(), settled: false, sent: false, onOverdue: null }
    const outcome = new Promise((resolve, reject) => Object.assign(ticket, { resolve, reject }))
    const refusal = this.#refusal ?? this.#full(bytes)
    if (refusal !== null) {
      ticket.settled = true
      ticket.reject(refusal)
      this.#stats.operation(kind, 0, true)
      return { ticket, outcome }
    }
    payloadBytes += bytes
    ticket.deadline = ticket.admittedAt + this.timeoutMS
    this.#open.add(ticket)
    if (this.#timer === null) this.#arm()
    else this.#timer.ref()
    return { ticket, outcome }
  }

  /** A payload has arrived late. */
  grow (ticket, bytes) {
    if (ticket.settled) return
    ticket.bytes += bytes
    payloadBytes += bytes
  }

  succeed (ticket, value) {
    if (this.#settle(ticket, false)) ticket.resolve(value)
  }

  fail (ticket, error) {
    if (this.#settle(ticket, true)) ticket.reject(error)
  }

  /** Accepts nothing any more. */
  refuse (error) {
    this.#refusal = error
  }

  /** Resolves when there is none without an outcome. */
  async idle () {
    if (this.#open.size > 0) await new Promise(resolve => this.#idlers.push(resolve))
  }

  #full (bytes) {
    if (this.#open.size >= this.#maxQueue) {
      return makeError('MongoQueueFullError',
        `the queue is full: ${this.#open.size} operations wait, as many as maxQueue allows`)
    }
    if (payloadBytes > 0 && payloadBytes + bytes > MAX_PAYLOAD_BYTES) {
      return makeError('MongoQueueFullError',
        `the queue is full: the waiting sessions take ${MAX_PAYLOAD_BYTES >> 20} MiB, the limit of a process`)
    }
    return null
  }

  #settle (ticket, failed) {
    if (ticket.settled) return false
    ticket.settled = true
    payloadBytes -= ticket.bytes
    this.#open.delete(ticket)
    this.#stats.operation(ticket.kind, now() - ticket.admittedAt, failed)
    if (this.#open.size === 0) {
      // What is idle keeps no process alive. The timer stays: another operation will soon need it.
      this.#timer?.unref()
      for (const resolve of this.#idlers.splice(0)) resolve()
    }
    return true
  }

  /** One timer for all: in the order of their admission is in the order of their deadlines. */
  #arm () {
    const [oldest] = this.#open
    this.#timer = oldest === undefined
      ? null
      : setTimeout(() => this.#expire(), Math.max(1, Math.ceil(oldest.deadline - now())))
  }

  #expire () {
    const overdue = []
    for (const ticket of this.#open) {
      if (ticket.deadline > now()) break
      overdue.push(ticket)
    }
    for (const ticket of overdue) {
      const sent = ticket.kind === 'clear' ? 'clear is still running' : 'outcome unknown'
      this.fail(ticket, this.#timeoutError(ticket) ?? makeError('MongoOperationTimeoutError',
        `timed out after ${this.timeoutMS} ms (operationTimeoutMS): ${ticket.sent ? sent : 'not sent'}`))
      ticket.onOverdue?.()
    }
    this.#arm()
    if (overdue.length > 0) this.#onOverdue()
  }
}

module.exports = { Tickets }
