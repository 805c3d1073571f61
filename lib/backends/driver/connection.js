'use strict'

const { EventEmitter } = require('events')
const { atMost } = require('../../support/bounded')
const { identify, isMongoose } = require('../../support/connection-kinds')
const { makeError, thrown } = require('../../support/errors')
const { requireFile } = require('../../support/location')
const { clearTimeout, isPromise, now, Promise, setImmediate, setTimeout } = require('../../support/realm')
const { clientOf, factsOf } = require('./client-facts')
const { discreet, FATES, isHopeless, isRefusal, isUnconnected } = require('./errors')
const { Watch } = require('./monitoring')

// The connection that a store works on, from what it was given to a collection. It may be open, opening or
// not yet opened; and promised. Once it is open, the driver mends outages; this only reports them.

/** Between two looks at a client that the app has not connected yet. */
const LOOK_MS = 50

/** Between two attempts to reach a server. */
const RETRY_MS = 1000

/** For the driver's own close, which sits on a server that does not reply. */
const CLOSE_MS = 2000

class Connection {
  /** The app's client or Mongoose connection, when it is known. */
  client
  /** Whether there is a server that takes writes. */
  isConnected = false

  #db
  #collection
  #given
  /** The Db that was handed over, which need not be open. */
  #givenDb
  #names
  #onTrouble
  #onChange
  #isCut = false
  /** 'arrival': somebody waits. 'change': the monitoring has said something. 'cut': nobody waits any more. */
  #news = new EventEmitter().setMaxListeners(0)
  #watch = new Watch(() => this.#changed())
  #opened = false
  /** Since when there has been no connection. */
  #lostAt = -Infinity
  /** Whether it is this package that tries to connect. */
  #attempting = false
  /** Why the last attempt failed. */
  #failure = null

  /**
   * `value`: what the caller has handed over. `owned`: a client of this package's making, to be connected,
   * with these `options` beside its URL.
   *
   * `onTrouble(error, refused)` is told of each attempt that failed; with `refused`, nobody need wait for
   * another. `onChange(connected)` is told when an open connection is lost, and when there is one again.
   */
  constructor ({ value, owned = false, options }, { collection, dbName }, { onTrouble, onChange = () => {} }) {
    this.#given = { value, owned, options }
    this.#names = { collection, dbName }
    this.#onTrouble = onTrouble
    this.#onChange = onChange
    // At once, since the first operation may come in this turn, and its deadline is the client's to say.
    if (!isPromise(value) || isMongoose(value)) this.#know(identify(value))
  }

  /** Resolves when there is a collection to work on; never, if it is cut before. Rejects for good. */
  async open () {
    try {
      const { connection, client, db } = await this.#identified()
      this.#know({ connection, client, db })
      this.#follow()
      if (connection) await this.#openMongoose(connection)
      else if (client) await this.#openClient(client)
      else await this.#openDb(db)
    } catch (error) {
      if (!this.isCut()) throw error
    }
    if (this.isCut()) return new Promise(() => {})
    this.#follow()
    this.#opened = true
    this.#lostAt = now()
    this.isConnected = this.#watch.writable
  }

  /** What the store must know of the app's client, as far as it is there: see client-facts.js. */
  get facts () {
    return factsOf({ driverClient: this.driverClient, db: this.#db ?? this.#givenDb, given: this.#given.options })
  }

  /** Somebody waits for a connection. */
  ask () {
    this.#news.emit('arrival')
  }

  /**
   * The error of an operation that runs out of time while no server can be reached; null if one can, if the
   * operation was sent before the connection was lost, or if it is the app that has not connected yet.
   * `fate`: what is known of the operation, a name of FATES.
   */
  selectionError (timeoutMS, fate) {
    const isSent = !fate.startsWith('NOT_SENT')
    if (this.isConnected || (isSent && now() - timeoutMS < this.#lostAt)) return null
    this.#follow() // Mongoose may have a client by now, which has tried
    const cause = this.#watch.error ?? this.#failure
    if (cause === null && !this.#attempting && !this.#opened) return null
    const reason = cause === null ? 'no reply' : cause.message
    const known = isSent ? ` (${FATES[fate]})` : ''
    const message = `no server within ${timeoutMS} ms (operationTimeoutMS)${known}: ${reason}`
    return makeError('MongoServerSelectionError', message,
      cause === null ? undefined : discreet(cause, []))
  }

  /** No more attempts, and no more listeners on what is the app's. */
  cut () {
    this.#isCut = true
    this.#news.emit('cut')
    this.#watch.end()
  }

  isCut () {
    return this.#isCut
  }

  /** Closes what the caller has handed over, or what was made here. */
  async close () {
    this.cut()
    await atMost(CLOSE_MS, this.#closeGiven())
  }

  /** The app's Db; undefined until it is open. */
  get db () {
    // Mongoose makes another one when its connection is opened again.
    if (this.#db !== undefined && isMongoose(this.client) && (this.client.db ?? this.#db) !== this.#db) {
      this.#use(this.client.db)
    }
    return this.#db
  }

  /** The collection of the sessions; undefined until it is there. */
  get collection () {
    return this.db && this.#collection
  }

  /** The driver's client, or what is nearest to it. */
  get driverClient () {
    return isMongoose(this.client) ? this.client.getClient?.() ?? this.client.client : this.client
  }

  async #closeGiven () {
    const { connection, client, db } = await this.#identified().catch(() => ({}))
    if (connection) return connection.close()
    if (client) return this.#closeClient(client)
    // Driver 2 has `close` on a Db; 3 has the topology there, and later ones the client.
    const holder = [db, db?.client, db?.s?.client, db?.serverConfig].find(one => typeof one?.close === 'function')
    return holder?.close()
  }

  async #closeClient (client) {
    try {
      await client.close?.()
    } catch (error) {
      if (this.#opened) throw error // driver 3.0 has nothing to close before
    }
  }

  /** Mongoose's connections are thenable themselves, and settle with what they are. */
  async #identified () {
    const { value } = this.#given
    if (!isPromise(value) || isMongoose(value)) return identify(value)
    try {
      return identify(await value)
    } catch (error) {
      throw thrown(error, 'the promise of a connection')
    }
  }

  #know ({ connection, client, db }) {
    this.client = connection ?? client
    this.#givenDb = db
  }

  async #openMongoose (connection) {
    while (connection.readyState !== 1 || !connection.db) {
      // Mongoose does not try again by itself; the app may.
      if (connection.readyState === 0) this.#lookAtMongoose(connection)
      await this.#event(['change', 'arrival'])
    }
    this.#use(connection.db)
  }

  async #lookAtMongoose (connection) {
    const error = await initialFailure(connection)
    // Each failure is told once, but a refusal to everybody who comes after it.
    if (error === null || this.#opened || this.isCut() || connection.readyState !== 0) return
    if (error !== this.#failure || isRefusal(error)) this.#failed(error)
  }

  async #openClient (client) {
    if (this.#given.owned) await this.#attempt(() => client.connect())
    await this.#attemptOn(client, () => {
      const name = this.#names.dbName ?? mongooseDatabase(client)
      return name ? client.db(name) : client.db()
    })
  }

  async #openDb (db) {
    if (typeof db.open === 'function' && !isConnected(db.serverConfig) && !isConnecting(db.serverConfig)) {
      await this.#attempt(() => db.open())
    }
    await this.#attemptOn(clientOf(db), () => db)
    this.client ??= db.client
  }

  #attemptOn (client, getDb) {
    let again = false
    return this.#attempt(async () => {
      // A client that connects by itself does so once: after a failure its topology stays closed for ever.
      if (again && client?.topology && !isConnected(client.topology)) await client.connect()
      again = true
      const db = getDb()
      await reach(db, client)
      this.#use(db)
    })
  }

  #use (db) {
    this.#db = db
    this.#collection = db.collection(this.#names.collection)
  }

  /** Until it succeeds. What a server replies is left for the operations to meet. */
  async #attempt (action) {
    for (;;) {
      try {
        this.#attempting = true
        return await action()
      } catch (error) {
        if (isHopeless(error) || this.isCut()) throw error
        const waiting = isUnconnected(error) && !this.#given.owned
        this.#attempting = !waiting
        if (!waiting) this.#failed(error)
        if (isRefusal(error)) await this.#event(['arrival']) // another attempt is for somebody only
        else await this.#event([], waiting ? LOOK_MS : RETRY_MS)
      }
    }
  }

  #failed (error) {
    this.#failure = error
    this.#onTrouble(error, isRefusal(error))
  }

  #follow () {
    const { client, driverClient, db = this.#givenDb } = this
    if (!this.isCut()) this.#watch.follow({ client, driverClient, db })
  }

  #changed () {
    if (this.isCut()) return
    this.#follow() // Mongoose has a new client each time that it is opened
    this.#news.emit('change')
    if (this.#opened) this.#note()
  }

  #note () {
    const connected = this.#watch.writable
    if (connected === this.isConnected) return
    this.isConnected = connected
    if (!connected) this.#lostAt = now()
    this.#onChange(connected)
  }

  /** Resolves at the next of these news, or when the time has passed. Rejects when it is cut. */
  #event (names, milliseconds) {
    return new Promise((resolve, reject) => {
      const settle = () => {
        for (const name of [...names, 'cut']) this.#news.removeListener(name, settle)
        clearTimeout(timer)
        if (this.isCut()) reject(new Error('it was closed'))
        else resolve()
      }
      for (const name of [...names, 'cut']) this.#news.on(name, settle)
      const timer = milliseconds === undefined ? undefined : setTimeout(settle, milliseconds)
      timer?.unref?.() // jsdom's timers are numbers
    })
  }
}

/**
 * Why Mongoose's last attempt has failed; null if it has not. Looked at only afterwards: to handle the
 * promise early would take from the app the warning that nobody handles it.
 */
async function initialFailure ({ $initialConnection }) {
  await new Promise(setImmediate)
  return Promise.resolve($initialConnection).then(() => null, error => error)
}

/** Resolves when the server has answered, whatever it was. */
async function reach (db, client) {
  if (isConnected(client?.topology) || isConnected(db.serverConfig)) return
  if (typeof db.command !== 'function') return // not a real database
  try {
    await db.command({ ping: 1 })
  } catch (error) {
    if (typeof error.code !== 'number') throw error
  }
}

function isConnected (one) {
  return typeof one?.isConnected === 'function' && one.isConnected()
}

/** Of driver 2: whether the app is opening it already. */
function isConnecting (topology) {
  const core = topology?.s?.coreTopology ?? topology?.s?.server ?? topology?.s?.replset ?? topology?.s?.mongos
  return Boolean(core?.s?.pool) || (typeof core?.state === 'string' && core.state !== 'disconnected')
}

/**
 * The database of the Mongoose connection that a client belongs to. Its name is Mongoose's `dbName`, of which
 * the client knows nothing: `client.db()` would be the database of the URL, or `test`.
 */
function mongooseDatabase (client) {
  for (const file of Object.keys(requireFile.cache ?? {})) {
    if (!/[\\/]mongoose[^\\/]*[\\/](lib[\\/])?index\.js$/.test(file)) continue
    const { connections } = requireFile.cache[file].exports ?? {}
    if (!Array.isArray(connections)) continue
    const owner = connections.find(connection => connection.client === client)
    if (owner?.name) return owner.name
  }
}

module.exports = { Connection }
