'use strict'

// Outages and timeouts, as the clients of every major tell of them.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { factsOf } = require('../../lib/backends/driver/client-facts')
const { startStandalone } = require('../helpers/mongod')
const { MONGOOSES, requirePeer } = require('../helpers/peers')
const { within } = require('../helpers/rows')
const { DATABASE, LegacyStore, makeSession } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const UNIFIED = { useUnifiedTopology: true, useNewUrlParser: true }

/** For a driver to find out that a server is there again. Those of old look every 10 s. */
const RETURN_TIMEOUT_MS = 25_000

const DRIVERS = {
  'mongodb-2.0': { old: true },
  'mongodb-2': { old: true },
  'mongodb-3, as it was before the unified topology': { name: 'mongodb-3', options: { useNewUrlParser: true } },
  'mongodb-3': { options: UNIFIED },
  'mongodb-4': {},
  'mongodb-5': {},
  'mongodb-6': {},
  mongodb: {}
}

/** Starts a server for `open(url)`, which returns a Db or a Mongoose connection; and ends both. */
async function withServer ({ old = false, query = '' }, open, use) {
  const server = await startStandalone({ old })
  const opened = await open(`${server.uri}${DATABASE}${query}`)
  try {
    await use({ server, ...opened })
  } finally {
    await opened.close()
    await server.stop()
  }
}

async function noticesOutage ({ server, connection, emitter }) {
  const before = listeners(emitter)
  const stores = Array.from({ length: 12 }, () =>
    new LegacyStore({ ...connection, collection: 'outages', autoRemove: 'disabled' }))
  const [store] = stores
  const events = []
  for (const event of ['connected', 'disconnected']) store.on(event, () => events.push(event))
  await Promise.all(stores.map(store => store.set('a', makeSession())))
  const connected = async () => (await store.stats()).connected
  assert.ok(await connected())

  await server.kill()
  assert.ok(await within(10_000, async () => !await connected()), 'the outage')
  assert.equal(store.state, 'disconnected')
  await server.restart()
  assert.ok(await within(RETURN_TIMEOUT_MS, connected), 'its end')
  await store.ping()
  assert.deepEqual(events, ['connected', 'disconnected', 'connected'])

  // One by one: each closes the app's connection, which some majors do not like to do twice at once.
  for (const one of stores) await one.close()
  assert.ok(listeners(emitter) <= before, 'listeners are left')
}

function listeners (emitter) {
  return ['topologyDescriptionChanged', 'topologyClosed', 'left', 'joined', 'disconnected', 'reconnected']
    .reduce((sum, event) => sum + emitter.listenerCount(event), 0)
}

async function leaked (run) {
  const warnings = await warningsOf(run)
  return warnings.filter(({ name }) => name === 'MaxListenersExceededWarning').map(({ message }) => message)
}

for (const [title, { name = title, old, options }] of Object.entries(DRIVERS)) {
  const mongodb = name === 'mongodb' ? require('mongodb') : requirePeer(name)

  async function open (url) {
    const client = await mongodb.MongoClient.connect(url, options)
    const db = typeof client.collection === 'function' ? client : client.db(DATABASE)
    return { connection: { db }, db, client, emitter: db.serverConfig ?? client, close: () => client.close() }
  }

  describe(title, () => {
    test('stores on a Db notice an outage once, and its end', async () => {
      assert.deepEqual(await leaked(() => withServer({ old }, open, noticesOutage)), [])
    })

    test('what the client says of timeouts is found on the client and on a Db', async () => {
      await withServer({ old }, open, async ({ client, db }) => {
        for (const driverClient of [client, undefined]) assert.equal(factsOf({ driverClient, db }).timeoutMS, null)
      })
      const query = `?socketTimeoutMS=4321&maxPoolSize=7${old ? '' : '&serverSelectionTimeoutMS=45000'}`
      await withServer({ old, query }, open, async ({ client, db }) => {
        for (const driverClient of [client, undefined]) {
          const { timeoutMS, pool, selectionTimeoutMS } = factsOf({ driverClient, db })
          assert.deepEqual([timeoutMS, pool], [4321, 7])
          if (options === UNIFIED || (!old && options === undefined)) assert.equal(selectionTimeoutMS, 45_000)
        }
      })
    })
  })
}

for (const [name, { old, options }] of Object.entries(MONGOOSES)) {
  const { Mongoose } = requirePeer(name)

  async function open (url) {
    const mongoose = new Mongoose()
    mongoose.Promise = Promise // Mongoose 4 warns of its own
    const connection = mongoose.createConnection(url, options)
    await within(5000, () => connection.readyState === 1)
    return { connection: { mongooseConnection: connection }, emitter: connection, close: () => connection.close() }
  }

  describe(name, () => {
    test('stores on a connection notice an outage once, and its end', async () => {
      assert.deepEqual(await leaked(() => withServer({ old }, open, noticesOutage)), [])
    })

    test('what the client says of timeouts is found', async () => {
      await withServer({ old, query: '?socketTimeoutMS=4321' }, open, async ({ emitter }) => {
        const driverClient = emitter.getClient?.() ?? emitter.client
        assert.equal(factsOf({ driverClient, db: emitter.db }).timeoutMS, 4321)
      })
    })
  })
}
