'use strict'

const { bsonSize, checkSize, checkTogether, mayBeTooLarge } = require('../../session/size')
const { asError, makeError } = require('../../support/errors')
const { databaseOf } = require('../../support/database-name')
const { isPromise, Promise } = require('../../support/realm')
const { faultOf } = require('./collation')
const collectionCalls = require('./collection-calls')
const { dial } = require('./dial')
const documents = require('./documents')
const filtered = require('./filtered')
const { discreet } = require('./errors')
const { makeId } = require('./ids')
const { layoutOf } = require('./layouts')
const { Connection } = require('./connection')
const { Pages } = require('./pages')
const { openScheduler } = require('./open-scheduler')
const { sizeOf } = require('./rows')
const { keepIndexes, sweepAtIntervals } = require('./maintenance')
const { Sweeps } = require('./sweeps')
const { watchCall, WatchedCommands } = require('./watched-commands')

// The backend contract on the Node.js driver: on a connection of the app's, used as it is, or on one that the
// optional peer mongodb dials.

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MAX_QUEUE = 100_000

/** How long a close waits for writes that were never answered. */
const UNSETTLED_LIMIT_MS = 2000

/** The knees of measured throughput, and through mongos, where each id is looked up on the shards of all. */
const MAX_LOOKUPS = 256
const MAX_STATEMENTS = 128
const MAX_SHARDED = 32

function openDriver (form) {
  return new DriverBackend(form, form.connection ?? dial(form))
}

class DriverBackend {
  #form
  #layout
  #connection
  #scheduler
  #pages
  #sweeps
  #listener = () => {}
  #connected = null
  /** Why there will never be a connection, and who waits for one. */
  #failure = null
  #watchers = []
  #closing = null
  #stopSweeping = () => {}

  /** Of the interval at which this store sweeps, if it does. */
  timer

  constructor (form, connection) {
    this.#form = form
    this.#layout = layoutOf(form)
    const dbName = connection.owned ? databaseOf(form) : form.dbName
    this.#connection = new Connection(connection, { collection: form.collection, dbName }, {
      onTrouble: (error, refused) => this.#inTrouble(error, refused),
      onChange: connected => this.#note(connected)
    })
    this.#scheduler = openScheduler({
      groupsDestroys: this.#layout.groupsDestroys,
      setsServeGets: this.#layout.setsServeGets,
      timeoutMS: this.#timeoutMS(),
      maxQueue: form.maxQueue ?? DEFAULT_MAX_QUEUE,
      selectionError: (timeoutMS, fate) => this.#connection.selectionError(timeoutMS, fate),
      onStarved: () => this.#connection.ask()
    })
    this.#pages = new Pages(this.#connection, this.#layout, {
      warn: message => this.#listener('warning', 'CONNECT_MONGO_PAGES', `${form.collection}: ${message}`)
    })
    this.#sweeps = new Sweeps(this.#connection, this.#layout, form)
    if (form.autoRemove === 'interval') {
      const { timer, stop } = sweepAtIntervals(form.sweepIntervalMS, () => this.#sweepIsDue())
      this.timer = timer
      this.#stopSweeping = stop
    }
    this.#open()
  }

  /** The app's own objects, as far as they are there yet. */
  get handles () {
    const { client, db, collection } = this.#connection
    return { client, db, collection }
  }

  /** Resolves to the handles when there is a connection; rejects when an attempt has failed. */
  async reached () {
    if (this.#failure !== null) throw asError(this.#failure)
    if (this.#connected !== true) {
      this.#connection.ask()
      await new Promise((resolve, reject) => this.#watchers.push({ resolve, reject }))
    }
    return this.handles
  }

  get (id) {
    return this.#scheduler.get(id, this.#layout.latestExpired(Date.now()))
  }

  set (id, value, dates) {
    if (!isPromise(value)) return this.#scheduler.set(id, sized(value, id), dates)
    const { bytes } = value
    return this.#scheduler.set(id, Object.assign(value.then(ready => sized(ready, id)), { bytes }), dates)
  }

  setIf (id, attempt, bytes, conflict) {
    const checked = attempt => attempt && sizedAttempt(attempt, id)
    const first = isPromise(attempt) ? attempt.then(checked) : checked(attempt)
    return this.#scheduler.setIf(id, first, bytes, async (...args) => checked(await conflict(...args)))
  }

  touch (id, dates) {
    return this.#scheduler.touch(id, dates)
  }

  destroy (id) {
    return this.#scheduler.destroy(id)
  }

  discard (id, value) {
    const row = { id, value: documents.bare(value) }
    const discarding = () => collectionCalls.discard(this.#connection, this.#layout, this.#form, row)
    return this.#scheduler.call('DISCARD', this.#call('delete', discarding, [id.value]))
  }

  scan ({ after, limit }) {
    return this.#page({ after, limit, now: Date.now(), idsOnly: false })
  }

  async ids ({ after, limit }) {
    const { rows, next } = await this.#page({ after, limit, now: Date.now(), idsOnly: true })
    return { rows: rows.map(({ id }) => id), next }
  }

  count () {
    return this.#scheduler.barrier('COUNT', this.#call('aggregate', () => collectionCalls.count(this.#connection)))
  }

  clear () {
    return this.#scheduler.barrier('CLEAR', this.#call('delete', () => collectionCalls.clear(this.#connection, this.#form)))
  }

  countWhere (filter) {
    const now = this.#layout.latestExpired(Date.now())
    return this.#where('aggregate', () => filtered.countWhere(this.#connection, this.#layout, filter, now))
  }

  idsWhere (filter) {
    return this.#rowsWhere(filter, true)
  }

  rowsWhere (filter) {
    return this.#rowsWhere(filter, false)
  }

  destroyWhere (filter, except) {
    const find = () => filtered.findToDestroy(this.#connection, filter, except)
    return this.#scheduler.destroyWhere(this.#call('find', find))
  }

  writeFields (id, value, fields) {
    const row = { id, value, fields, writeConcern: this.#form.writeConcern }
    const write = () => filtered.writeFields(this.#connection, this.#layout, row)
    return this.#scheduler.call('BACKFILL', this.#call('update', write))
  }

  ping () {
    return this.#scheduler.call('PING', this.#call('ping', () => collectionCalls.ping(this.#connection)))
  }

  sweep () {
    return this.#scheduler.call('SWEEP', this.#call('delete', () => this.#sweeps.sweep()))
  }

  expired (limit) {
    return this.#scheduler.call('SCAN', this.#call('find', () => this.#sweeps.expired(limit)))
  }

  claim (row, now) {
    return this.#scheduler.call('CLAIM', this.#call('findAndModify', () => this.#sweeps.claim(row, now)))
  }

  stats () {
    const { count: sweeps, removed: swept } = this.#sweeps
    return { ...this.#scheduler.stats(this.#connected === true), sweeps, swept }
  }

  /**
   * Finishes what was accepted; then closes the connection, as connect-mongo does whoever opened it, and as
   * session-mongoose does not.
   */
  close () {
    const stays = this.#form.connection?.stays ?? false
    this.#closing ??= this.#close(() => stays || this.#connection.close())
    return this.#closing
  }

  /** The store is gone: nothing is left that could use the connection, which is still the app's. */
  abandon () {
    this.#closing ??= this.#close(() => this.#form.connection || this.#connection.close())
    return this.#closing
  }

  onEvent (listener) {
    this.#listener = listener
  }

  /** The operation timeout: the store's own, or what the app's client has. */
  #timeoutMS () {
    const { timeoutMS, selectionTimeoutMS } = this.#connection.facts
    return this.#form.operationTimeoutMS ?? timeoutMS ?? Math.max(DEFAULT_TIMEOUT_MS, selectionTimeoutMS)
  }

  async #open () {
    try {
      await this.#connection.open()
      await this.#refuseOldServer()
    } catch (error) {
      this.#inTrouble(error, true)
      this.#failure = discreet(error, [])
      this.#scheduler.refuse(this.#failure)
      return
    }
    const { facts } = this.#connection
    const { writeConcern } = this.#form
    const commands = new WatchedCommands(this.#connection, this.#form, { layout: this.#layout, writeConcern })
    this.#note(this.#connection.isConnected)
    for (const { resolve } of this.#watchers.splice(0)) resolve()
    const fault = await this.#faultOf(commands)
    if (fault !== undefined) return this.#giveUp(makeError('MongoInvalidArgumentError', fault))
    this.#scheduler.connect(commands, {
      ...limitsOf(facts, commands),
      groupsDestroys: this.#layout.groupsDestroys,
      writesWait: writesWait(writeConcern ?? this.#connection.collection.writeConcern, facts),
      timeoutMS: this.#timeoutMS()
    })
    keepIndexes(this.#connection, {
      layout: this.#layout,
      autoRemove: this.#form.autoRemove,
      name: this.#form.collection,
      warn: (code, message) => this.#listener('warning', code, message),
      fail: error => this.#listener('error', discreet(error, []), 'index'),
      isOver: () => this.#closing !== null,
      rowsMade: () => commands.rowsMade()
    })
    if (this.#layout.sweepsAtStart) this.#quietly(() => this.#sweeps.removeExpired())
  }

  async #refuseOldServer () {
    const { leastWireVersion } = this.#layout
    if (leastWireVersion === 0 || !await collectionCalls.isOlderThan(leastWireVersion, this.#connection)) return
    throw makeError('MongoCompatibilityError',
      'maxLifetime needs MongoDB 4.2 or later, whose updates can be pipelines: this server is older')
  }

  /** Why nothing may be stored in the collection, by this connection, with these options. */
  #faultOf ({ isUnacknowledged }) {
    const { collection, conflicts } = this.#form
    const comparesValues = conflicts !== 'overwrite'
    if (comparesValues && isUnacknowledged) return 'conflicts needs acknowledged writes, and the write concern is w: 0'
    return faultOf(this.#connection, { name: collection, comparesValues, isOver: () => this.#closing !== null })
  }

  /** Nothing that happens on a server mends it. */
  #giveUp (error) {
    this.#listener('error', error, 'connect')
    this.#scheduler.refuse(error)
    this.#scheduler.failWaiting(error)
  }

  /** An attempt to connect has failed. `refused`: another would, too, so nobody waits for it. */
  #inTrouble (error, refused) {
    error = discreet(error, [])
    this.#note(false)
    for (const { reject } of this.#watchers.splice(0)) reject(error)
    this.#listener('error', error, 'connect')
    if (refused) this.#scheduler.failWaiting(error)
  }

  #note (connected) {
    if (this.#connected === connected) return
    this.#connected = connected
    this.#listener(connected ? 'connected' : 'disconnected')
  }

  #rowsWhere (filter, idsOnly) {
    const options = { idsOnly, now: this.#layout.latestExpired(Date.now()) }
    return this.#where('find', () => filtered.findWhere(this.#connection, this.#layout, filter, options))
  }

  #where (name, run) {
    return this.#scheduler.barrier('WHERE', this.#call(name, run))
  }

  #page (options) {
    const run = this.#call('find', () => this.#pages.read(options))
    // Later pages are of a scan that is under way: they wait for nothing.
    return options.after === null ? this.#scheduler.barrier('SCAN', run) : this.#scheduler.call('SCAN', run)
  }

  #call (command, run, ids = []) {
    return () => watchCall(this.#form, command, () => run().catch(error => { throw discreet(error, ids) }))
  }

  #sweepIsDue () {
    if (this.#connection.collection === undefined) return
    const warn = text => this.#listener('warning', 'CONNECT_MONGO_EXPIRE', `${this.#form.collection}: ${text}`)
    const end = claimed => claimed ? this.#sweeps.claimed(warn) : this.#quietly(() => this.#sweeps.sweep())
    this.#listener('due', end)
  }

  async #quietly (removal) {
    try {
      await removal()
    } catch (error) {
      if (this.#closing === null) this.#listener('error', discreet(error, []), 'sweep')
    }
  }

  async #close (disconnect) {
    this.#stopSweeping()
    this.#scheduler.refuse(makeError('MongoClientClosedError', 'the store has been closed'))
    await this.#scheduler.idle(UNSETTLED_LIMIT_MS)
    this.#connection.cut()
    this.#failure ??= makeError('MongoClientClosedError', 'the store has been closed')
    for (const { reject } of this.#watchers.splice(0)) reject(this.#failure)
    await disconnect()
    this.#connected = false
  }
}

/** The value of a set. Throws if it is larger than MongoDB stores. */
function sized (value, id) {
  if (mayBeTooLarge(sizeOf(value))) checkSize(bsonSize(documents.bare(value)), id.value)
  return value
}

/** An attempt of a conditional set, which carries the value that it expects, too. */
function sizedAttempt (attempt, id) {
  const { value, expected } = attempt
  sized(value, id)
  if (mayBeTooLarge(sizeOf(value) + sizeOf(expected))) {
    checkTogether(bsonSize(documents.bare(value)), bsonSize(documents.bare(expected)))
  }
  return attempt
}

/** How many operations a command takes. With client-side encryption the driver cannot group. */
function limitsOf ({ pool, sharded, encrypts }, commands) {
  const { finds, writes } = commands.groups
  return {
    pool,
    isolatesFinds: sharded,
    lookups: !finds || encrypts ? 1 : sharded ? MAX_SHARDED : MAX_LOOKUPS,
    statements: !writes || encrypts ? 1 : sharded ? MAX_SHARDED : MAX_STATEMENTS
  }
}

/** Whether the server waits for other members before it acknowledges, or for its journal. */
function writesWait (concern, { isReplicaSet }) {
  const { w, j, journal } = concern ?? {}
  return w === undefined ? isReplicaSet || Boolean(j ?? journal) : (w !== 0 && w !== 1) || Boolean(j ?? journal)
}

/** The driver takes them as they are; its bigints beyond 2^53 depend on its version. */
function encodeFields (values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'bigint') throw new TypeError(`${name}: a bigint beyond 2^53 takes a URL, not a connection`)
  }
  return values
}

module.exports = {
  documents,
  encodeFields,
  makeId,
  open: openDriver,
  readId: id => id.value
}
