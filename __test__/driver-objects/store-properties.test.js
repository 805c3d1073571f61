'use strict'

// What apps reach for past the store.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { runScript } = require('../helpers/child')
const { DATABASE, makeSession, useCollection } = require('../helpers/stores')

const { legacy, modern, rows, url } = useCollection('handles')

const named = (object, method, ...args) =>
  new Promise((resolve, reject) => object[method](...args, (error, value) => error ? reject(error) : resolve(value)))

describe('legacy, by URL', () => {
  test('client, db and collection are made when they are asked for, and closed with the store', async () => {
    const store = legacy()
    const { client, db, collection } = store
    assert.equal(store.client, client)
    assert.equal(store.db.databaseName, DATABASE)
    assert.equal(store.collection.collectionName, 'handles')
    await store.set('a', makeSession({ a: 1 }))
    assert.equal((await collection.findOne({ _id: 'a' }))._id, 'a')
    assert.equal(await db.collection('handles').countDocuments({ _id: 'a' }), 1)
    assert.equal(await (await store.collectionReady()).countDocuments({ _id: 'a' }), 1)
    await store.close()
    assert.ok(!client.topology?.isConnected())
  })

  test('they take callbacks, in every way that apps have passed them', async () => {
    const store = legacy()
    await store.set('b', makeSession({ b: 1 }))
    assert.equal((await named(store.collection, 'findOne', { _id: 'b' }))._id, 'b')
    assert.equal(await named(store.collection, 'countDocuments', {}) > 0, true)
    assert.equal((await named(store.collection.find({ _id: 'b' }), 'toArray')).length, 1)
    const cursor = await named(store.db.collection('handles'), 'find', { _id: /^b/ })
    assert.equal((await named(cursor.sort({ _id: 1 }).limit(1), 'toArray'))[0]._id, 'b')
    const collection = await named(store.db, 'collection', 'handles')
    await named(collection, 'deleteOne', { _id: 'b' })
    assert.equal(await rows.findOne({ _id: 'b' }), null)
    await assert.rejects(named(store.db, 'command', { noSuchCommand: 1 }), { codeName: 'CommandNotFound' })
    const seen = []
    await store.collection.find({}).forEach(row => { seen.push(row._id) })
    assert.ok(seen.length > 0)
    for await (const row of store.collection.find({})) assert.ok(row._id)
    await store.close()
  })

  test('they cost nothing to whoever looks at a store, and can be assigned', () => {
    const store = legacy()
    assert.ok(!Object.keys(store).some(name => ['client', 'db', 'collection'].includes(name)))
    store.db = 5
    assert.equal(store.db, 5)
  })

  for (const backend of ['native', 'driver']) {
    test(`${backend}: where the URL names no database, they are of the one that has the sessions`, async () => {
      const store = legacy({ url: url.replace(`/${DATABASE}`, '/?authSource=admin'), backend })
      await store.set('d', makeSession())
      assert.equal(store.db.databaseName, 'test')
      assert.equal((await store.collection.findOne({ _id: 'd' }))._id, 'd')
      await store.collection.drop()
      await store.close()
    })
  }

  test('options that only older drivers know do not stop them', async () => {
    const store = legacy({ mongoOptions: { useNewUrlParser: true, poolSize: 5, autoReconnect: true } })
    assert.equal(await store.collection.countDocuments({ _id: 'none' }), 0)
    await store.close()
  })
})

describe('modern, by URL', () => {
  test('collectionP and clientP are promises of the driver\'s objects', async () => {
    const store = modern()
    assert.equal(store.collectionP, store.collectionP)
    const collection = await store.collectionP
    assert.equal(collection.namespace, `${DATABASE}.handles`)
    await store.set('c', makeSession())
    assert.equal(await collection.countDocuments({ _id: 'c' }), 1)
    const client = await store.clientP
    assert.ok(client instanceof MongoClient)
    await store.close()
    assert.ok(!client.topology?.isConnected())
  })

  test('one that fails is no unhandled rejection, and is tried again', async () => {
    const { code, stdout, stderr } = await runScript(`
      const store = MongoStore.create({ mongoUrl: 'mongodb://127.0.0.1:1/x', mongoOptions: { serverSelectionTimeoutMS: 200 } })
      const first = store.collectionP
      setTimeout(() => first.catch(error => {
        console.log(error.name, store.collectionP !== first)
        store.close()
      }), 1000)`)
    assert.equal(stderr, '')
    assert.equal(stdout, 'MongoServerSelectionError true\n')
    assert.equal(code, 0)
  })
})

describe('on a connection of the app\'s', () => {
  test('they are its own objects', async () => {
    const client = new MongoClient(url)
    const ours = modern({ mongoUrl: undefined, client })
    assert.equal(await ours.clientP, client)
    assert.equal((await ours.collectionP).namespace, `${DATABASE}.handles`)
    const db = new MongoClient(url).db(DATABASE)
    const store = legacy({ url: undefined, db })
    await store.collectionReady()
    assert.equal(store.db, db)
    assert.equal(store.collection.namespace, `${DATABASE}.handles`)
  })
})
