'use strict'

const { isMissedTouch, outcomeOf } = require('./outcomes')

/** Longer than any trial, also where a clock is an hour ahead: what has expired is another subject. */
const LIFE_MS = 2 * 3600_000

/** What an operation failed with that did not say why. To a callback it looks like success. */
const NOTHING = new Error('nothing')

/**
 * Calls a store and keeps the ledger that checker.js reads. Each set stores its number in the ledger, and
 * each set and touch a date of its own, so that what is read tells which of them it is from.
 *
 * `promises`: whether the store returns them; then it gets a callback for half of the calls only.
 * `touchTells`, `destroyTells`: whether these say if there was a row.
 */
class Recorder {
  ledger = []
  /** What the operations failed with, and how often. */
  errors = new Map()
  #store
  #random
  #clock
  #promises
  #touchTells
  #destroyTells
  #moment = 0
  #start = Date.now() + LIFE_MS
  /** By id: results of sets, as events tell them, that no set has taken yet. */
  #events = new Map()

  constructor (store, { random, clock, promises = true, touchTells = false, destroyTells = false }) {
    this.#store = store
    this.#random = random
    this.#clock = clock
    this.#promises = promises
    this.#touchTells = touchTells
    this.#destroyTells = destroyTells
    store.on('create', id => this.hear(id, 'created'))
    store.on('update', id => this.hear(id, 'updated'))
  }

  /** Ids with an event that no set has caused. */
  get strayEvents () {
    return [...this.#events].filter(([, results]) => results.length > 0).map(([id]) => id)
  }

  get unsettled () {
    return this.ledger.filter(({ settled }) => settled === 0).length
  }

  /** Each resolves when the operation has its outcome, whatever that is. `padding`: bytes. */
  set (id, padding = 0) {
    const entry = this.enter({ kind: 'set', id })
    const session = { ...this.#session(entry), id, n: entry.n, padding: 'x'.repeat(padding) }
    return this.call(entry, [id, session], () => this.heard(id))
  }

  get (id) {
    return this.call(this.enter({ kind: 'get', id }), [id], rowOf)
  }

  touch (id) {
    const entry = this.enter({ kind: 'touch', id })
    return this.call(entry, [id, this.#session(entry)], () => this.#touchTells ? true : undefined)
  }

  destroy (id) {
    const read = removed => this.#destroyTells ? removed === 1 : undefined
    return this.call(this.enter({ kind: 'destroy', id }), [id], read)
  }

  clear () {
    return this.call(this.enter({ kind: 'clear' }), [], () => undefined)
  }

  all () {
    const read = list => list.map(item => typeof item === 'string' ? item : { id: item.id, ...rowOf(item) })
    return this.call(this.enter({ kind: 'all' }), [], read)
  }

  ids () {
    return this.call(this.enter({ kind: 'ids' }), [], ids => ids)
  }

  length () {
    return this.call(this.enter({ kind: 'length' }), [], count => count)
  }

  sweep () {
    return this.call(this.enter({ kind: 'sweep' }), [], () => undefined)
  }

  ping () {
    return this.call(this.enter({ kind: 'ping' }), [], () => undefined)
  }

  /** Notes that somebody else drops the collection while `drop` runs. */
  async drop (drop) {
    const entry = this.enter({ kind: 'drop' })
    await drop()
    entry.settledAt = this.#moment++
  }

  /** An event has told the result of an operation of this id, which the next of its kind to settle takes. */
  hear (id, result) {
    if (!this.#events.has(id)) this.#events.set(id, [])
    this.#events.get(id).push(result)
  }

  heard (id) {
    return this.#events.get(id)?.shift()
  }

  enter (call) {
    const n = this.ledger.length
    const [expires, calledAt] = [this.#start + n, this.#moment++]
    const entry = { n, ...call, expires, calledAt, settledAt: Infinity, settled: 0, outcome: undefined }
    this.ledger.push(entry)
    return entry
  }

  #session ({ expires }) {
    return { cookie: { originalMaxAge: LIFE_MS, expires: new Date(expires) } }
  }

  /** `read` makes the entry's result of what the store's method says. */
  call (entry, args, read, method = entry.kind) {
    const started = this.#clock.now
    return new Promise(resolve => {
      const settle = (error, value) => {
        entry.settled++
        if (entry.settled > 1) return
        entry.settledAt = this.#moment++
        entry.ageMS = this.#clock.now - started
        if (!error) {
          entry.outcome = 'done'
          entry.result = read(value)
        } else if (method === 'touch' && isMissedTouch(error)) {
          entry.outcome = 'done'
          entry.result = false
        } else {
          this.#fail(entry, error)
        }
        resolve()
      }
      const fail = error => settle(error ?? NOTHING)
      if (this.#promises) this.#called(entry, method, args).then(value => settle(null, value), fail)
      else this.#store[method](...args, settle)
    })
  }

  #called (entry, method, args) {
    if (this.#random() < 0.5) return this.#store[method](...args)
    entry.callbacks = 0
    return this.#store[method](...args, () => { entry.callbacks++ })
  }

  #fail (entry, error) {
    entry.outcome = outcomeOf(error)
    entry.isUnexplained = error === NOTHING
    entry.error = `${error.name}: ${error.message}`
    // Without ports, connections and transactions: how often each kind of error came is what can be read.
    const text = entry.error.replaceAll(/\S*\d\S*/g, '…')
    const label = `${entry.kind}: ${text}${error.code === undefined ? '' : ` (${error.code})`}`
    this.errors.set(label, (this.errors.get(label) ?? 0) + 1)
  }
}

/** The row that a session is from. */
function rowOf (session) {
  return session ? { n: session.n, expires: new Date(session.cookie.expires).getTime() } : null
}

module.exports = { LIFE_MS, Recorder, rowOf }
