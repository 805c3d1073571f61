'use strict'

// The operation timeout of stores on connections that the app has handed over: by default the client's.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { MongoClient } = require('mongodb')

const { factsOf } = require('../../lib/backends/driver/client-facts')
const { startStandalone } = require('../helpers/mongod')
const { LegacyStore, MongoStore } = require('../helpers/stores')

const QUIET = { autoRemove: 'disabled' }
const NOBODY = 'mongodb://127.0.0.1:9/'

/** How long an operation waits for a server that is not there, in milliseconds. */
async function wait (store) {
  const started = Date.now()
  await assert.rejects(store.get('a'), { name: 'MongoServerSelectionError' })
  await store.close()
  return Date.now() - started
}

const ways = {
  'a client': (client, options) => MongoStore.create({ client, ...options, ...QUIET }),
  'a Db': (client, options) => new LegacyStore({ db: client.db('test'), ...options, ...QUIET })
}
for (const [way, open] of Object.entries(ways)) {
  // In the URL, since this driver forgets the option `timeoutMS`.
  for (const query of [
    'socketTimeoutMS=700', 'timeoutMS=700', 'socketTimeoutMS=700&timeoutMS=20000', 'socketTimeoutMS=0&timeoutMS=700'
  ]) {
    test(`${way}: ${query}, from the first operation on`, async () => {
      const client = new MongoClient(`${NOBODY}?${query}`, { serverSelectionTimeoutMS: 5000 })
      const waited = await wait(open(client))
      assert.ok(waited >= 690 && waited < 3000, `${waited} ms`)
    })
  }

  test(`${way}: operationTimeoutMS comes before what the client says`, async () => {
    const client = new MongoClient(NOBODY, { serverSelectionTimeoutMS: 5000, socketTimeoutMS: 100 })
    const waited = await wait(open(client, { operationTimeoutMS: 700 }))
    assert.ok(waited >= 690 && waited < 3000, `${waited} ms`)
  })
}

for (const mongoOptions of [{ socketTimeoutMS: 700 }, { timeoutMS: 700 }]) {
  test(`a connection that the driver dials: ${Object.keys(mongoOptions)} in mongoOptions`, async () => {
    const url = `${NOBODY}?serverSelectionTimeoutMS=5000`
    const waited = await wait(MongoStore.create({ mongoUrl: url, backend: 'driver', mongoOptions, ...QUIET }))
    assert.ok(waited >= 690 && waited < 3000, `${waited} ms`)
  })
}

test('an operation that was sent to a server that does not reply', async () => {
  const server = await startStandalone()
  // The driver itself would wait for longer, by its retry.
  const store = MongoStore.create({ client: new MongoClient(server.uri, { socketTimeoutMS: 1000 }), ...QUIET })
  await store.ping()
  server.freeze()
  const started = Date.now()
  await assert.rejects(store.set('a', { cookie: {} }))
  assert.ok(Date.now() - started < 1500, `${Date.now() - started} ms`)
  server.thaw()
  await store.close()
  await server.stop()
})

test('a client that says nothing', () => {
  const facts = driverClient => factsOf({ driverClient, db: undefined })
  assert.deepEqual(facts({}), {
    pool: Infinity, isReplicaSet: false, sharded: false, selectionTimeoutMS: 0, timeoutMS: null, encrypts: false
  })
  assert.equal(facts(new MongoClient(NOBODY)).timeoutMS, null)
  assert.equal(facts(new MongoClient(NOBODY)).selectionTimeoutMS, 30_000)
})
