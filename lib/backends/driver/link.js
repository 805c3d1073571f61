'use strict'

const { EventEmitter } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { identify, isMongoose } = require('../../support/connection-kinds')
const { isUnconnected } = require('./errors')

// The connection that a store works on, from what it was given to a collection. It may be open, opening or
// not yet opened; and promised.

/** Between two looks at a client that the app has not connected yet. */
const LOOK_MS = 50

/** Between two attempts to reach a server. */
const RETRY_MS = 1000

class Link {
  /** The app's client or Mongoose connection, when it is known. */
  client

  #db
  #collection
  #given
  #names
  #onTrouble
  #ended = new AbortController()
  #arrivals = new EventEmitter()

  /**
   * `value`: what the caller has handed over. `owned`: a client of this package's making, to be connected.
   * `onTrouble(error)` is told of each attempt that failed.
   */
  constructor ({ value, owned = false }, { collection, dbName }, { onTrouble }) {
    this.#given = { value, owned }
    this.#names = { collection, dbName }
    this.#onTrouble = onTrouble
  }

  /** Resolves when there is a collection to work on; never, if the link is cut before. Rejects for good. */
  async open () {
    try {
      const given = await this.#identified()
      if (given.connection) await this.#openMongoose(given.connection)
      else if (given.client) await this.#openClient(given.client)
      else await this.#openDb(given.db)
    } catch (error) {
      if (this.isCut()) return new Promise(() => {})
      throw error
    }
  }

  /** Somebody waits for a connection. */
  ask () {
    this.#arrivals.emit('arrival')
  }

  /** No more attempts. */
  cut () {
    this.#ended.abort()
  }

  isCut () {
    return this.#ended.signal.aborted
  }

  /** Closes what the caller has handed over, or what was made here. */
  async close () {
    this.cut()
    const { connection, client, db } = await this.#identified().catch(() => ({}))
    const closing = connection ?? client
    if (closing) return closing.close?.()
    // Driver 2 has `close` on a Db; 3 has the topology there, and later ones the client.
    const holder = [db, db?.client, db?.s?.client, db?.serverConfig].find(one => typeof one?.close === 'function')
    return holder?.close()
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

  /** Mongoose's connections are thenable themselves, and settle with what they are. */
  async #identified () {
    const { value } = this.#given
    return identify(typeof value?.then === 'function' && !isMongoose(value) ? await value : value)
  }

  async #openMongoose (connection) {
    this.client = connection
    while (connection.readyState !== 1 || !connection.db) await this.#event(connection, ['open', 'connected'])
    this.#use(connection.db)
  }

  async #openClient (client) {
    this.client = client
    if (this.#given.owned) await this.#attempt(() => client.connect())
    let again = false
    await this.#attempt(async () => {
      // A client that connects by itself does so once: after a failure its topology stays closed for ever.
      if (again && client.topology && !isConnected(client.topology)) await client.connect()
      again = true
      const name = this.#names.dbName ?? mongooseDatabase(client)
      const db = name ? client.db(name) : client.db()
      await reach(db, client)
      this.#use(db)
    })
  }

  async #openDb (db) {
    if (typeof db.open === 'function' && !isConnected(db.serverConfig) && !isConnecting(db.serverConfig)) {
      await this.#attempt(() => db.open())
    }
    await this.#attempt(() => reach(db))
    this.client ??= db.client
    this.#use(db)
  }

  #use (db) {
    this.#db = db
    this.#collection = db.collection(this.#names.collection)
  }

  /** Until it succeeds. What a server answers is left for the operations to meet. */
  async #attempt (action) {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (!(error instanceof Error) || error instanceof TypeError) throw error
        const waiting = isUnconnected(error) && !this.#given.owned
        if (!waiting) this.#onTrouble(error)
        const refused = typeof error.code === 'number'
        if (refused) await this.#event(this.#arrivals, ['arrival']) // another attempt is for somebody only
        else await sleep(waiting ? LOOK_MS : RETRY_MS, undefined, { ref: false, signal: this.#ended.signal })
      }
    }
  }

  #event (emitter, names) {
    return new Promise((resolve, reject) => {
      const { signal } = this.#ended
      const settle = () => {
        for (const name of names) emitter.removeListener(name, settle)
        signal.removeEventListener('abort', settle)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      for (const name of names) emitter.on(name, settle)
      signal.addEventListener('abort', settle)
    })
  }
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
  for (const file of Object.keys(require.cache ?? {})) {
    if (!/[\\/]mongoose[^\\/]*[\\/](lib[\\/])?index\.js$/.test(file)) continue
    const { connections } = require.cache[file].exports ?? {}
    if (!Array.isArray(connections)) continue
    const owner = connections.find(connection => connection.client === client)
    if (owner?.name) return owner.name
  }
}

module.exports = { Link, mongooseDatabase }
