'use strict'

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { gone, ttlIndex } = require('../helpers/rows')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

const LegacyStore = MongoStore(session)

describe('autoRemove', () => {
  let server
  let client
  const stores = []

  before(async () => {
    server = await startStandalone({ args: ['--setParameter', 'ttlMonitorSleepSecs=1'] })
    client = await MongoClient.connect(server.uri)
  })
  after(async () => {
    await Promise.all(stores.map(store => store.close()))
    await client?.close()
    await server?.stop()
  })

  const backends = {
    legacy: (collection, options) => new LegacyStore({ url: `${server.uri}${DATABASE}`, collection, ...options }),
    modern: (collectionName, options) =>
      MongoStore.create({ mongoUrl: `${server.uri}${DATABASE}`, collectionName, ...options }),
    'legacy on a Db': (collection, options) =>
      new LegacyStore({ db: new MongoClient(server.uri).db(DATABASE), collection, ...options }),
    'modern on a client': (collectionName, options) =>
      MongoStore.create({ client: new MongoClient(server.uri), dbName: DATABASE, collectionName, ...options })
  }
  const rows = name => client.db(DATABASE).collection(name)

  for (const [dialect, make] of Object.entries(backends)) {
    const open = (...args) => {
      const store = make(...args)
      stores.push(store)
      return store
    }

    test(`${dialect}: native, the default, makes a TTL index at start, by which MongoDB removes`, async () => {
      const store = open(`${dialect}-native`)
      const index = await ttlIndex(rows(`${dialect}-native`))
      assert.deepEqual(index.key, { expires: 1 })
      assert.equal(index.expireAfterSeconds, 0)
      await store.set('a', makeSession({}, -1000))
      assert.ok(await gone(rows(`${dialect}-native`), 'a', 10_000))
    })

    test(`${dialect}: interval removes by itself, and makes no index`, async () => {
      const store = open(`${dialect}-interval`, { autoRemove: 'interval', autoRemoveInterval: 0.01 })
      await store.set('expired', makeSession({}, -1000))
      await store.set('live', makeSession())
      assert.ok(await gone(rows(`${dialect}-interval`), 'expired', 5000))
      assert.ok(await store.get('live'))
      const { sweeps, swept } = await store.stats()
      assert.ok(sweeps >= 1)
      assert.equal(swept, 1)
      assert.deepEqual((await rows(`${dialect}-interval`).indexes()).map(({ name }) => name), ['_id_'])
    })

    test(`${dialect}: the interval is in minutes, ten of them by default`, async () => {
      const store = open(`${dialect}-slow`, { autoRemove: 'interval' })
      await store.set('expired', makeSession({}, -1000))
      assert.ok(!await gone(rows(`${dialect}-slow`), 'expired', 1000))
    })

    test(`${dialect}: disabled leaves it to others`, async () => {
      const store = open(`${dialect}-disabled`, { autoRemove: 'disabled' })
      await store.set('expired', makeSession({}, -1000))
      assert.ok(!await gone(rows(`${dialect}-disabled`), 'expired', 2500))
      assert.deepEqual((await rows(`${dialect}-disabled`).indexes()).map(({ name }) => name), ['_id_'])
    })
  }
})
