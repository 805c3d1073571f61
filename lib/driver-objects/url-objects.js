'use strict'

const { atMost } = require('../support/bounded')
const { databaseOf } = require('../support/database-name')
const { deferredClient } = require('./deferred')
const { withCallbacks } = require('./with-callbacks')

const FEATURE = 'reaching past a store that connects by URL (client, db, collection, collectionP, clientP)'

/** For the driver's own close, which sits on a server that does not reply. */
const CLOSE_MS = 2000

/**
 * The driver's objects of a store by URL: of the client that the store itself works on with `backend:
 * 'driver'`; else of a client that is made with the app's mongodb when they are first asked for.
 */
class UrlObjects {
  #form
  #backend
  #driver
  #client
  #own = false
  #standIns
  #connecting
  #connected
  #closed = false

  constructor (form, backend) {
    this.#form = form
    this.#backend = backend
  }

  /** To be used at once, with callbacks or promises, whatever the driver's version. */
  now () {
    const client = this.#open()
    if (this.#connected) return this.#usable(this.#connected)
    const ready = async () => this.#usable(await this.connected()).client
    this.#standIns ??= this.#objectsOf(deferredClient(this.#driver, client, ready))
    return this.#standIns
  }

  /** Resolves to the driver's own objects; rejects when the attempt to connect has failed. */
  connected () {
    this.#open()
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  async close () {
    this.#closed = true
    if (this.#own) await atMost(CLOSE_MS, this.#close())
  }

  #open () {
    if (this.#client !== undefined) return this.#client
    if (this.#closed) throw new Error('the store has been closed')
    const { driverTraits, makeClient } = require('../backends/driver/dial')
    this.#own = this.#form.backend !== 'driver'
    this.#client = this.#own ? makeClient(this.#form, FEATURE) : this.#backend.handles.client
    this.#driver = driverTraits()
    return this.#client
  }

  async #connect () {
    try {
      await (this.#own ? this.#client.connect() : this.#backend.reached())
      this.#connected = this.#objectsOf(this.#client)
      return this.#connected
    } catch (error) {
      this.#connecting = undefined
      throw error
    }
  }

  #objectsOf (client) {
    const db = client.db(databaseOf(this.#form))
    return { client, db, collection: db.collection(this.#form.collection) }
  }

  #usable (objects) {
    if (this.#driver.takesCallbacks) return objects
    return Object.fromEntries(Object.entries(objects).map(([name, object]) => [name, withCallbacks(object)]))
  }

  async #close () {
    if (this.#connected) return this.#client.close()
    try {
      await this.#client.close()
    } catch {
      // Driver 3.0 has nothing to close before it is connected, and throws a TypeError.
    }
    // Drivers up to 3.2 go on with the attempt that is under way.
    await this.#connecting?.then(() => this.#client.close(), () => {})
  }
}

module.exports = { UrlObjects }
