'use strict'

const { after, before } = require('node:test')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const MongoStore = require('../..')
const { sharedUri } = require('./mongod')

const DATABASE = 'connect-mongo-test'

const LegacyStore = MongoStore(session)

/** The shared server's connection string, for the tests' database. */
function testUrl () {
  return sharedUri().replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(\/[^?]*)?/, `$1/${DATABASE}`)
}

/**
 * A collection for one test file, emptied at its start, and stores on it, closed at its end. `rows` is the
 * collection as the Node.js driver sees it, `admin` the server's admin database. `dialects`: stores by URL.
 * `backends`: these, and stores on connections of the app's.
 */
function useCollection (name) {
  const url = testUrl()
  const client = new MongoClient(url)
  const rows = client.db(DATABASE).collection(name)
  const stores = []
  const keep = store => {
    stores.push(store)
    return store
  }

  before(() => rows.drop().catch(() => {})) // there may be none
  after(async () => {
    await Promise.all(stores.map(store => store.close()))
    await client.close()
  })

  const modern = options => keep(MongoStore.create({ mongoUrl: url, collectionName: name, ...options }))
  const legacy = options => keep(new LegacyStore({ url, collection: name, ...options }))
  const dialects = { modern, legacy }
  // Each store closes the connection that it was given, so each has one of its own.
  const backends = {
    ...dialects,
    'modern on a client': options => modern({ mongoUrl: undefined, client: new MongoClient(url), ...options }),
    'legacy on a Db': options => legacy({ url: undefined, db: new MongoClient(url).db(DATABASE), ...options })
  }
  return { url, rows, admin: client.db('admin'), keep, modern, legacy, dialects, backends }
}

/**
 * A session as express-session passes it to a store, or nearly so. `maxAge` in milliseconds; null: no
 * expiration.
 */
function makeSession (data, maxAge = 60_000) {
  const cookie = new session.Cookie({ maxAge })
  cookie.originalMaxAge = maxAge // which it takes from the clock, and may find a millisecond less
  return { cookie, ...data }
}

/** Calls a method with a callback; resolves to the arguments that this was called with. */
function callback (store, method, ...args) {
  return new Promise(resolve => store[method](...args, (...answer) => resolve(answer)))
}

module.exports = { callback, DATABASE, LegacyStore, makeSession, MongoStore, testUrl, useCollection }
