'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { describe, test } = require('node:test')
const session = require('express-session')

const { LegacyStore, makeSession, MongoStore, useCollection } = require('../helpers/stores')

const { keep, legacy, modern, url } = useCollection('subclass')

describe('a store is what apps take it for', () => {
  test('an instance of its class, of the Store it was made on, and an emitter', () => {
    const store = modern()
    assert.ok(store instanceof MongoStore)
    assert.ok(store instanceof session.Store)
    assert.ok(store instanceof EventEmitter)
    assert.equal(store.constructor, MongoStore)
    const old = legacy()
    assert.ok(old instanceof LegacyStore)
    assert.ok(old instanceof session.Store)
    assert.ok(!(old instanceof MongoStore))
  })

  test('open to properties: express-session assigns generate', () => {
    const store = modern()
    store.generate = () => {}
    assert.ok(Object.isExtensible(store))
  })

  for (const [name, Base, options] of [
    ['modern', MongoStore, { mongoUrl: url, collectionName: 'subclass' }],
    ['legacy', LegacyStore, { url, collection: 'subclass' }]
  ]) {
    test(`${name}: a class to extend`, async () => {
      class Mine extends Base {
        gets = 0
        get (sid, callback) {
          this.gets++
          return super.get(sid, callback)
        }
      }
      const store = keep(new Mine(options))
      assert.ok(store instanceof Mine)
      assert.ok(store instanceof Base)
      assert.ok(store instanceof session.Store)
      await store.set(name, makeSession({ user: name }))
      assert.equal((await store.get(name)).user, name)
      assert.equal(store.gets, 1)
    })
  }

  test('create is inherited, and works without its class', () => {
    class Mine extends MongoStore {}
    assert.ok(keep(Mine.create({ mongoUrl: url })) instanceof Mine)
    const { create } = MongoStore
    assert.ok(keep(create({ mongoUrl: url })) instanceof MongoStore)
  })

  test('a prototype to patch', async () => {
    const { get } = MongoStore.prototype
    const store = modern()
    try {
      MongoStore.prototype.get = async () => 'patched'
      assert.equal(await store.get('a'), 'patched')
    } finally {
      MongoStore.prototype.get = get
    }
    assert.equal(await store.get('missing'), null)
  })
})

describe('public properties', () => {
  test('legacy: the options that were passed, and what was made of them', () => {
    const options = { url, collection: 'subclass', ttl: 60, autoRemove: 'interval', autoRemoveInterval: 5 }
    const store = keep(new LegacyStore(options))
    assert.equal(store.options, options)
    assert.equal(store.ttl, 60)
    assert.equal(store.collectionName, 'subclass')
    assert.equal(store.autoRemove, 'interval')
    assert.equal(store.autoRemoveInterval, 5)
    assert.deepEqual(store.writeOperationOptions, {})
  })

  test('modern: a copy of the options, with the defaults', () => {
    const options = Object.freeze({ mongoUrl: url, collectionName: 'subclass' })
    const store = keep(MongoStore.create(options))
    assert.notEqual(store.options, options)
    assert.equal(store.options.ttl, 1209600)
    assert.equal(store.options.autoRemove, 'native')
    assert.equal(store.options.autoRemoveInterval, 10)
    assert.equal(store.options.touchAfter, 0)
  })

  test('logging a store does not show its connection string', () => {
    for (const store of [modern(), legacy()]) {
      assert.ok(!require('node:util').inspect(store, { depth: 10 }).includes('mongodb://'))
    }
  })
})
