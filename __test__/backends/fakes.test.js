'use strict'

// Apps test with collections that have the calls of connect-mongo and nothing else. No server is behind them.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { LegacyStore, makeSession, MongoStore } = require('../helpers/stores')

/** A collection in memory, with the calls that connect-mongo 6 makes. */
function fakeCollection () {
  const rows = new Map()
  const calls = []
  const called = (name, implementation) => async (...args) => {
    calls.push(name)
    return implementation(...args)
  }
  return {
    rows,
    calls,
    findOne: called('findOne', ({ _id }) => rows.get(_id) ?? null),
    updateOne: called('updateOne', ({ _id }, { $set }, { upsert }) => {
      const known = rows.has(_id)
      if (known || upsert) rows.set(_id, { _id, ...rows.get(_id), ...$set })
      return { matchedCount: known ? 1 : 0, upsertedCount: known ? 0 : 1 }
    }),
    deleteOne: called('deleteOne', ({ _id }) => ({ deletedCount: rows.delete(_id) ? 1 : 0 })),
    deleteMany: called('deleteMany', () => rows.clear()),
    countDocuments: called('countDocuments', () => rows.size),
    createIndex: called('createIndex', () => 'expires_1'),
    find: () => ({ toArray: called('find', () => [...rows.values()]) })
  }
}

const client = collection => ({ db: () => ({ collection: () => collection }), async close () {} })

describe('a fake that has the calls of connect-mongo', () => {
  for (const [dialect, open] of Object.entries({
    modern: collection => MongoStore.create({ client: client(collection) }),
    'modern, promised': collection => MongoStore.create({ clientPromise: Promise.resolve(client(collection)) }),
    legacy: collection => new LegacyStore({ db: { collection: () => collection } })
  })) {
    test(`${dialect}: single calls stand in for grouped ones`, async () => {
      const collection = fakeCollection()
      const store = open(collection)
      await Promise.all(['a', 'b', 'c'].map(id => store.set(id, makeSession({ id }))))
      assert.deepEqual((await Promise.all(['a', 'b', 'c'].map(id => store.get(id)))).map(({ id }) => id), ['a', 'b', 'c'])
      await store.touch('a', makeSession())
      await store.destroy('a')
      assert.equal(await store.length(), 2)
      assert.deepEqual((await store.all()).map(({ id }) => id), ['b', 'c'])
      await store.clear()
      assert.equal(await store.length(), 0)
      assert.equal(collection.calls.filter(name => name === 'createIndex').length, 1)
      await store.ping()
      await store.close()
    })
  }

  test('without `find`', async () => {
    const collection = fakeCollection()
    delete collection.find
    const store = MongoStore.create({ client: client(collection) })
    await Promise.all(['a', 'b'].map(id => store.set(id, makeSession({ id }))))
    assert.deepEqual((await Promise.all(['a', 'b', 'x'].map(id => store.get(id)))).map(session => session?.id), ['a', 'b', undefined])
    assert.equal(collection.calls.filter(name => name === 'findOne').length, 3)
    await store.close()
  })

  test('its error is that of its own operation', async () => {
    const collection = fakeCollection()
    const { updateOne } = collection
    collection.updateOne = async (filter, ...rest) => {
      if (filter._id === 'bad') throw new Error('refused')
      return updateOne(filter, ...rest)
    }
    const store = MongoStore.create({ client: client(collection) })
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map(id => store.set(id, makeSession())))
    assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
    await store.close()
  })
})
