'use strict'

// session-mongoose's stores on a Mongoose connection of the app's: whose models and collections are whose.
// Every Mongoose is in peers/session-mongoose-document.test.js.

const assert = require('node:assert/strict')
const { after, afterEach, beforeEach, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { Mongoose } = require('mongoose')
const { Double, MongoClient } = require('mongodb')

const SessionStore = require('../../session-mongoose')(session)
const { within } = require('../helpers/rows')
const { DATABASE, makeSession, testUrl } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const url = testUrl().replace(DATABASE, `${DATABASE}-session-mongoose-connection`)

describe('on a connection', () => {
  let mongoose, connection, stores
  beforeEach(async () => {
    mongoose = new Mongoose()
    connection = await mongoose.createConnection(url).asPromise()
    await connection.dropDatabase()
    stores = []
  })
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()))
    await connection.close()
  })

  function open (options) {
    const store = new SessionStore({ connection, sweeper: false, ...options })
    stores.push(store)
    return store
  }

  const rows = name => connection.db.collection(name)
  const dropped = model => new Promise((resolve, reject) => {
    model.collection.drop(error => error ? reject(error) : resolve())
  })

  test("an app's model of that name is the store's, rows and all", async () => {
    const Session = connection.model('Session', new mongoose.Schema({ sid: String, data: {}, extra: String }), 'websessions')
    const store = open()
    await store.set('a', makeSession())
    assert.equal(await rows('websessions').countDocuments({ sid: 'a' }), 1)
    assert.equal(store.model, Session)
  })

  test("but not when the store has another collection: dropping the store's leaves the app's", async () => {
    const Session = connection.model('Session', new mongoose.Schema({ title: String }), 'talks')
    await Session.create({ title: 't' })
    const store = open({ collection: 'websessions' })
    await store.set('a', makeSession())
    assert.equal(store.model.collection.name, 'websessions')
    assert.equal(connection.model('Session'), Session)
    await dropped(store.model)
    assert.equal(await store.length(), 0)
    assert.equal(await Session.countDocuments(), 1)
  })

  test('several stores have their own models, and no model of theirs says where another has its rows', async () => {
    const [a, b] = ['coll_a', 'coll_b'].map(collection => open({ collection }))
    assert.deepEqual([a, b].map(({ model }) => model.collection.name), ['coll_a', 'coll_b'])
    assert.equal(open({ collection: 'coll_b' }).model, b.model)
    const plain = open()
    await plain.set('a', makeSession())
    assert.equal(await rows('sessions').countDocuments({ sid: 'a' }), 1)
    assert.equal(plain.model.collection.name, 'sessions')
  })

  test('a fraction of a second of ttl is a second, also after the collection was dropped', async () => {
    const store = open({ ttl: 0.5 })
    const seconds = async () => (await rows('sessions').indexes().catch(() => []))
      .find(({ name }) => name === 'usedAt_1')?.expireAfterSeconds
    assert.ok(await within(5000, async () => await seconds() === 1))
    await dropped(store.model)
    assert.equal(await seconds(), 1)
  })

  test('a store that finds its collection dropped under it makes its indexes without a word', async () => {
    const warnings = await warningsOf(async () => {
      for (let n = 0; n < 5; n++) {
        const store = open({ collection: `dropped${n}` })
        store.ping()
        await dropped(store.model)
        await within(5000, async () => (await rows(`dropped${n}`).indexes().catch(() => [])).length === 4)
      }
    })
    assert.deepEqual(warnings, [])
  })

  test('sweeps can be set, as the number that it was', async () => {
    const store = open({ sweeper: true, interval: 20 })
    assert.ok(await within(5000, () => store.sweeps > 2))
    store.sweeps = 0
    assert.ok(store.sweeps < 2)
    assert.ok(await within(5000, () => store.sweeps > 2))
  })

  test('after close nothing opens again, and nothing is said of a sweep that it broke off', async () => {
    const store = open({ sweeper: true, interval: 1 })
    const errors = []
    store.on('error', error => errors.push(error))
    await store.ping()
    await store.close()
    await connection.close()
    await sleep(50)
    assert.deepEqual(errors, [])
    assert.throws(() => store.model, /the store has been closed/)
  })

  for (const [what, connection] of Object.entries({
    'a Db': new MongoClient(url).db(), 'a client': new MongoClient(url), 'a promise': Promise.resolve(), 'a string': url
  })) {
    test(`${what} is no Mongoose connection`, () => {
      assert.throws(() => open({ connection }), { name: 'TypeError', message: /connection must be a Mongoose connection: got a/ })
    })
  }
})

describe('in a collection of connect-mongo', () => {
  const client = new MongoClient(url)
  after(() => client.close())

  for (const backend of ['native', 'driver']) {
    test(`a store on the ${backend} backend makes no index that would stop connect-mongo`, async () => {
      const rows = client.db().collection(`foreign_${backend}`)
      await rows.drop().catch(() => {})
      await rows.insertOne({ _id: 'a', session: '{}', expires: new Date('2100-01-01') })
      // As the legacy shell wrote it.
      await rows.createIndex({ expires: new Double(1) }, { expireAfterSeconds: 0 })
      const warnings = await warningsOf(async () => {
        const store = new SessionStore({ url, backend, collection: rows.collectionName, sweeper: false })
        await store.set('mine', makeSession())
        await sleep(300)
        await store.close()
      })
      assert.equal(warnings.length, 1)
      assert.match(warnings[0].message, /the collection is connect-mongo's/)
      assert.deepEqual((await rows.indexes()).map(({ name }) => name), ['_id_', 'expires_1'])
    })
  }
})
