'use strict'

// A collection that somebody drops while stores work on it: the next row makes it again, and the stores make
// its indexes again. Otherwise expired sessions stay for ever, and nobody is told.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const SessionStore = require('../../session-mongoose')(session)
const { LegacyStore, makeSession, MongoStore, testUrl } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

/** Stores look every 10 s. Milliseconds. */
const LIMIT_MS = 25_000

const client = new MongoClient(testUrl())
const open = []
after(async () => {
  await Promise.all(open.map(({ store }) => store.close()))
  await Promise.all(open.map(({ db }) => db.dropDatabase()))
  await client.close()
})

const kinds = {
  'by URL': (mongoUrl, collectionName) => MongoStore.create({ mongoUrl, collectionName }),
  'by URL, connect-mongo 3': (url, collection) => new LegacyStore({ url, collection }),
  'by URL, session-mongoose': (url, collection) => new SessionStore({ url, collection, sweeper: false }),
  'by URL, without counts': (url, collectionName) =>
    MongoStore.create({ mongoUrl: `${url}?w=0`, collectionName }),
  'on a client': (url, collectionName) =>
    MongoStore.create({ client: new MongoClient(url), collectionName }),
  'on a client, connect-mongo 3': (url, collection) =>
    new LegacyStore({ db: new MongoClient(url).db(), collection }),
  'on a Mongoose connection': (url, collection) => {
    const connection = new Mongoose().createConnection(url)
    after(() => connection.close())
    return new SessionStore({ connection, collection, sweeper: false })
  },
  'on a client, without counts': (url, collectionName) =>
    MongoStore.create({ client: new MongoClient(`${url}?w=0`), collectionName })
}

describe('the indexes of a collection', { concurrency: true }, () => {
  for (const [number, [name, openStore]] of Object.entries(kinds).entries()) {
    test(`that is dropped are made again: ${name}`, async () => {
      const db = client.db(`connect-mongo-test-dropped-${number}`)
      await db.dropDatabase()
      const rows = db.collection('sessions')
      const store = openStore(testUrl().replace(/\/[^/]*$/, `/${db.databaseName}`), 'sessions')
      open.push({ store, db })
      const warnings = await warningsOf(async () => {
        await store.set('a', makeSession({ n: 1 }))
        await eventually(() => indexesOf(rows), list => list.length > 1)
        await sleep(500) // there may be others
        const before = await indexesOf(rows)
        await rows.drop()
        await store.set('b', makeSession({ n: 2 }))
        assert.equal((await eventually(() => store.get('b'), found => found !== null)).n, 2)
        assert.deepEqual(await eventually(() => indexesOf(rows), list => list.length === before.length), before)
        // And again: it is no matter of once.
        await db.dropDatabase()
        await store.set('c', makeSession({ n: 3 }))
        assert.deepEqual(await eventually(() => indexesOf(rows), list => list.length === before.length), before)
      })
      assert.deepEqual(warnings.filter(({ code }) => code === 'CONNECT_MONGO_INDEX'), [])
    })
  }
})

async function indexesOf (rows) {
  try {
    return (await rows.indexes()).map(({ name }) => name).sort()
  } catch {
    return [] // there is no such collection
  }
}

/** What `read` returns once it `fits`, or at the end of the time. */
async function eventually (read, fits) {
  const deadline = Date.now() + LIMIT_MS
  let seen = await read()
  while (!fits(seen) && Date.now() < deadline) {
    await sleep(100)
    seen = await read()
  }
  return seen
}
