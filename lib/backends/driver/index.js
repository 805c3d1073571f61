'use strict'

const collectionCalls = require('./collection-calls')
const { Commands } = require('./commands')
const { dial } = require('./dial')
const documents = require('./documents')
const { Engine } = require('./engine')
const { discreet, makeError } = require('./errors')
const { makeId } = require('./ids')
const { layoutOf } = require('./layouts')
const { Link } = require('./link')
const { Pages } = require('./pages')
const { Stats } = require('./stats')
const { ensureIndexes, sweepAtIntervals } = require('./upkeep')

// The backend contract on the Node.js driver: on a connection of the app's, used as it is, or on one that the
// optional peer mongodb dials.

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MAX_QUEUE = 100_000

function openDriver (form) {
  return new DriverBackend(form, form.connection ?? dial(form))
}

class DriverBackend {
  #form
  #layout
  #link
  #engine
  #pages
  #stats = new Stats()
  #listener = () => {}
  #connected = null
  /** Why there will never be a connection, and who waits for one. */
  #failure = null
  #watchers = []
  #closing = null

  /** Of the interval at which this store sweeps, if it does. */
  timer

  constructor (form, connection) {
    this.#form = form
    this.#layout = layoutOf(form)
    this.#link = new Link(connection, form, {
      onTrouble: (error, refused) => this.#inTrouble(error, refused),
      onChange: connected => this.#note(connected)
    })
    this.#engine = new Engine({
      groupsDestroys: this.#layout.groupsDestroys,
      stats: this.#stats,
      timeoutMS: this.#timeoutMS(),
      maxQueue: form.maxQueue ?? DEFAULT_MAX_QUEUE,
      timeoutError: ticket => this.#link.selectionError(this.#timeoutMS(), ticket),
      onStarved: () => this.#link.ask()
    })
    this.#pages = new Pages(this.#link, this.#layout, {
      warn: message => this.#listener('warning', 'CONNECT_MONGO_PAGES', `${form.collection}: ${message}`)
    })
    if (form.autoRemove === 'interval') {
      this.timer = sweepAtIntervals(form.sweepIntervalMS, () => this.#sweepQuietly())
    }
    this.#open()
  }

  /** The app's own objects, as far as they are there yet. */
  get handles () {
    const { client, db, collection } = this.#link
    return { client, db, collection }
  }

  /** Resolves to the handles when there is a connection; rejects when an attempt has failed. */
  async reached () {
    if (this.#failure !== null) throw this.#failure
    if (this.#connected !== true) {
      this.#link.ask()
      await new Promise((resolve, reject) => this.#watchers.push({ resolve, reject }))
    }
    return this.handles
  }

  get (id) {
    return this.#engine.get(id, this.#layout.latestExpired(Date.now()))
  }

  set (id, value, dates) {
    return this.#engine.set(id, value, dates)
  }

  touch (id, dates) {
    return this.#engine.touch(id, dates)
  }

  destroy (id) {
    return this.#engine.destroy(id)
  }

  scan ({ after, limit }) {
    return this.#page({ after, limit, now: Date.now(), idsOnly: false })
  }

  async ids ({ after, limit }) {
    const { rows, next } = await this.#page({ after, limit, now: Date.now(), idsOnly: true })
    return { rows: rows.map(({ id }) => id), next }
  }

  count () {
    return this.#whole('count', () => collectionCalls.count(this.#link), { waits: true, counts: true })
  }

  clear () {
    return this.#whole('clear', () => collectionCalls.clear(this.#link, this.#form), { waits: true, clears: true })
  }

  ping () {
    return this.#whole('ping', () => collectionCalls.ping(this.#link))
  }

  sweep () {
    return this.#whole('sweep', () => this.#sweep())
  }

  stats () {
    const { queued, inFlight } = this.#engine
    return this.#stats.report({ connected: this.#connected === true, queued, inFlight })
  }

  /**
   * Finishes what was accepted; then closes the connection, as connect-mongo does whoever opened it, and as
   * session-mongoose does not.
   */
  close () {
    const stays = this.#form.connection?.stays ?? false
    this.#closing ??= this.#close(() => stays || this.#link.close())
    return this.#closing
  }

  /** The store is gone: nothing is left that could use the connection, which is still the app's. */
  abandon () {
    this.#closing ??= this.#close(() => this.#form.connection || this.#link.close())
    return this.#closing
  }

  onEvent (listener) {
    this.#listener = listener
  }

  /** The operation timeout: the store's own, or what the app's client has. */
  #timeoutMS () {
    const { timeoutMS, selectionTimeoutMS } = this.#link.facts
    return this.#form.operationTimeoutMS ?? timeoutMS ?? Math.max(DEFAULT_TIMEOUT_MS, selectionTimeoutMS)
  }

  async #open () {
    try {
      await this.#link.open()
    } catch (error) {
      this.#inTrouble(error, true)
      this.#failure = discreet(error, [])
      this.#engine.refuse(this.#failure)
      return
    }
    const { facts } = this.#link
    this.#engine.timeoutMS = this.#timeoutMS()
    const commands = new Commands(this.#link, {
      layout: this.#layout,
      writeConcern: this.#form.writeConcern,
      alone: facts.encrypts,
      onCommand: (name, operations) => this.#stats.command(name, operations)
    })
    this.#engine.start(commands, facts)
    this.#note(this.#link.isConnected)
    for (const { resolve } of this.#watchers.splice(0)) resolve()
    ensureIndexes(this.#link, {
      layout: this.#layout,
      autoRemove: this.#form.autoRemove,
      name: this.#form.collection,
      warn: message => this.#listener('warning', 'CONNECT_MONGO_INDEX', message),
      fail: error => this.#listener('error', discreet(error, []), 'index'),
      isOver: () => this.#closing !== null
    })
    if (this.#layout.sweepsAtStart) this.#quietly(() => this.#removeExpired())
  }

  /** An attempt to connect has failed. `refused`: another would, too, so nobody waits for it. */
  #inTrouble (error, refused) {
    error = discreet(error, [])
    this.#note(false)
    for (const { reject } of this.#watchers.splice(0)) reject(error)
    this.#listener('error', error, 'connect')
    if (refused) this.#engine.failWaiting(error)
  }

  #note (connected) {
    if (this.#connected === connected) return
    this.#connected = connected
    this.#listener(connected ? 'connected' : 'disconnected')
  }

  #page (options) {
    // Later pages are of a scan that is under way: they wait for nothing.
    return this.#whole('scan', () => this.#pages.read(options), { waits: options.after === null })
  }

  #whole (kind, run, options) {
    return this.#engine.whole(kind, () => run().catch(error => { throw discreet(error, []) }), options)
  }

  async #sweep () {
    const removed = await this.#removeExpired()
    this.#stats.sweeps++
    return removed
  }

  async #removeExpired () {
    const removed = await collectionCalls.removeExpired(this.#link, this.#layout, this.#form)
    this.#stats.swept += removed
    return removed
  }

  async #sweepQuietly () {
    if (this.#link.collection !== undefined) await this.#quietly(() => this.#sweep())
  }

  async #quietly (removal) {
    try {
      await removal()
    } catch (error) {
      if (this.#closing === null) this.#listener('error', discreet(error, []), 'sweep')
    }
  }

  async #close (disconnect) {
    clearInterval(this.timer)
    this.#engine.refuse(makeError('MongoClientClosedError', 'the store has been closed'))
    await this.#engine.idle()
    this.#link.cut()
    this.#failure ??= makeError('MongoClientClosedError', 'the store has been closed')
    for (const { reject } of this.#watchers.splice(0)) reject(this.#failure)
    await disconnect()
    this.#connected = false
  }
}

module.exports = {
  documents,
  makeId,
  open: openDriver,
  readId: id => id.value
}
