'use strict'

const { atMost } = require('../support/bounded')
const { withCallbacks } = require('./with-callbacks')

// What apps reach for past the store: `client`, `db`, `collection` of connect-mongo up to 3, `clientP` and
// `collectionP` since. On a connection of the app's these are its own objects. On a URL they are made when
// they are first asked for, with the app's mongodb package, and closed with the store.

const FEATURE = 'reaching past a store that connects by URL (client, db, collection, collectionP, clientP)'

/** For the driver's own close, which sits on a server that does not reply. */
const CLOSE_MS = 2000

/** Defines `client`, `db`, `collection`, `collectionReady`. Returns an object whose `close` closes them. */
function attachObjects (store, form, backend) {
  const made = new Made(form)
  const objects = form.connection ? () => backend.handles : () => made.objects()
  for (const name of ['client', 'db', 'collection']) define(store, name, () => objects()[name])
  const collectionReady = async () => {
    if (form.connection) return (await backend.reached()).collection
    return (await made.connected(), made.objects()).collection
  }
  define(store, 'collectionReady', () => collectionReady)
  return made
}

/** Defines `clientP` and `collectionP`. Returns an object whose `close` closes them. */
function attachPromises (store, form, backend) {
  const made = new Made(form)
  const reached = form.connection ? () => backend.reached() : () => made.connected()
  for (const [name, handle] of Object.entries({ clientP: 'client', collectionP: 'collection' })) {
    define(store, name, remembered(async () => (await reached())[handle]))
  }
  return made
}

/** Not enumerable: inspecting a store must not make a client. Apps may assign what they like. */
function define (store, name, get) {
  const set = value => {
    Object.defineProperty(store, name, { value, configurable: true, enumerable: true, writable: true })
  }
  Object.defineProperty(store, name, { get, set, configurable: true, enumerable: false })
}

/** Returns the same promise each time, until it fails. Its failure is no unhandled rejection. */
function remembered (make) {
  let promise
  return () => {
    if (promise === undefined) {
      promise = make()
      promise.catch(() => { promise = undefined })
    }
    return promise
  }
}

/** A client of the optional peer for a URL. */
class Made {
  #form
  #client

  constructor (form) {
    this.#form = form
  }

  /** To be used with callbacks or promises, whatever the driver's version. */
  objects () {
    const { client, db, collection } = this.#raw()
    return { client: withCallbacks(client), db: withCallbacks(db), collection: withCallbacks(collection) }
  }

  async connected () {
    const raw = this.#raw()
    await raw.client.connect()
    return raw
  }

  async close () {
    if (this.#client !== undefined) await atMost(CLOSE_MS, this.#client.close())
  }

  #raw () {
    const { makeClient } = require('../backends/driver/dial')
    const { databaseOf } = require('../support/database-name')
    this.#client ??= makeClient(this.#form, FEATURE)
    const client = this.#client
    const { collection } = this.#form
    const db = client.db(databaseOf(this.#form))
    return { client, db, collection: db.collection(collection) }
  }
}

module.exports = { attachObjects, attachPromises }
