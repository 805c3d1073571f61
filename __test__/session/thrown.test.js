'use strict'

// Hooks, adapters and drivers may throw what callbacks take for no error at all.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { eventsOf, fresh, loaded } = require('../helpers/conflicts')
const { callback, LegacyStore, makeSession, MongoStore, useCollection } = require('../helpers/stores')

const { backends, url } = useCollection('thrown')

/** Throws `value`, which is what this file is about. */
function fail (value) {
  throw value
}

/** An operation's promise and its callback both get an Error that says what was thrown, and by whom. */
async function failsWith (pattern, store, method, ...args) {
  const isSaid = ({ name, message }) => {
    assert.equal(name, method === 'get' && /decrypt/.test(pattern) ? 'UndecryptableError' : 'Error')
    assert.match(message, /decrypt/.test(pattern) ? /decrypt/ : pattern)
  }
  await assert.rejects(store[method](...args), error => {
    assert.ok(error instanceof Error)
    isSaid(error)
    return true
  })
  const [error, ...rest] = await callback(store, method, ...args)
  assert.ok(error instanceof Error)
  isSaid(error)
  assert.deepEqual(rest, [])
}

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    for (const value of [undefined, null, false, 0, '']) {
      const said = value === '' ? 'an empty string' : String(value)

      test(`a hook that throws ${said}`, async () => {
        await open().set(`${dialect}-thrown`, makeSession())
        const pattern = name => new RegExp(`${name} threw ${said} in place of an error`)
        const serialize = open({ serialize: () => fail(value) })
        await failsWith(pattern('serialize'), serialize, 'set', 'a', makeSession())
        const unserialize = open({ unserialize: () => fail(value) })
        await failsWith(pattern('unserialize'), unserialize, 'get', `${dialect}-thrown`)
        assert.deepEqual(await unserialize.all(), []) // one row must not fail the others
        const transformId = open({ transformId: () => fail(value) })
        for (const [method, ...args] of [['get', 'a'], ['set', 'a', makeSession()], ['touch', 'a', makeSession()], ['destroy', 'a']]) {
          await failsWith(pattern('transformId'), transformId, method, ...args)
        }
        await failsWith(pattern('something'), open(), 'set', 'a', { toJSON: () => fail(value) })
        const ttl = open({ ttl: () => fail(value) })
        await failsWith(pattern('ttl'), ttl, 'set', 'a', { cookie: {} })
        const fields = open({ fields: { user: () => fail(value) } })
        await failsWith(pattern('fields.user'), fields, 'set', 'a', makeSession())
      })

      test(`conflicts, or what it returns, that throws ${said}`, async () => {
        const id = `${dialect}-conflict`
        const returned = { cookie: {}, toJSON: () => fail(value) }
        for (const [name, conflicts] of [['conflicts', () => fail(value)], ['something', () => returned]]) {
          const store = open({ conflicts })
          const events = eventsOf(store)
          await store.set(id, fresh(store, id, { n: 1 }))
          const ours = Object.assign(await loaded(store, id), { mine: true })
          await store.set(id, { ...makeSession(), n: 2 })
          events.length = 0
          await failsWith(new RegExp(`${name} threw ${said} in place of an error`), store, 'set', id, ours)
          assert.deepEqual(events, [])
          assert.equal((await store.get(id)).n, 2)
          await store.destroy(id)
        }
      })
    }
  })
}

describe('an adapter that throws undefined, or rejects with it', () => {
  const failures = { throws: () => fail(undefined), rejects: () => Promise.reject() }
  const ways = { 'by URL': () => ({ mongoUrl: url }), 'on a client': () => ({ client: new MongoClient(url) }) }
  for (const [way, connection] of Object.entries(ways)) {
    for (const [how, failure] of Object.entries(failures)) {
      test(`${way}, ${how}`, async () => {
        const open = cryptoAdapter =>
          MongoStore.create({ ...connection(), collectionName: 'thrown', cryptoAdapter })
        const encrypt = open({ encrypt: failure, decrypt: async text => text })
        await failsWith(/cryptoAdapter.encrypt threw undefined/, encrypt, 'set', 'a', makeSession())
        const decrypt = open({ encrypt: async text => text, decrypt: failure })
        await decrypt.set('encrypted', makeSession())
        const error = await decrypt.get('encrypted').catch(error => error)
        assert.equal(error.code, 'ERR_SESSION_UNDECRYPTABLE')
        assert.match(error.cause.message, /cryptoAdapter.decrypt threw undefined/)
        await failsWith(/decrypt/, decrypt, 'get', 'encrypted')
        await Promise.all([encrypt.close(), decrypt.close()])
      })
    }
  }
})

test('an adapter that fails for a set that is refused leaves nothing behind', async () => {
  const unhandled = []
  const listener = reason => unhandled.push(reason)
  process.on('unhandledRejection', listener)
  const cryptoAdapter = { encrypt: async () => { throw new Error('no key today') }, decrypt: async text => text }
  const ways = [
    () => ({ mongoUrl: url }), () => ({ mongoUrl: url, backend: 'driver' }), () => ({ client: new MongoClient(url) })
  ]
  for (const connection of ways) {
    for (const conflicts of ['overwrite', 'merge']) {
      const store = MongoStore.create({ ...connection(), collectionName: 'thrown', conflicts, cryptoAdapter })
      await store.ping()
      await store.close()
      await assert.rejects(store.set('a', fresh(store, 'a', {})), /no key today|has been closed/)
    }
  }
  await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', listener)
  assert.deepEqual(unhandled, [])
})

describe('a connection', () => {
  for (const value of [undefined, null]) {
    test(`the promise of one that is rejected with ${value}`, async () => {
      const opens = [
        () => MongoStore.create({ clientPromise: Promise.reject(value), operationTimeoutMS: 2000 }),
        () => new LegacyStore({ dbPromise: Promise.reject(value), operationTimeoutMS: 2000 })
      ]
      for (const open of opens) {
        const store = open()
        const errors = []
        store.on('error', error => errors.push(error))
        await failsWith(new RegExp(`the promise of a connection threw ${value}`), store, 'get', 'a')
        await failsWith(new RegExp(`the promise of a connection threw ${value}`), store, 'set', 'a', makeSession())
        assert.ok(errors.length > 0 && errors.every(error => error instanceof Error))
        await store.close()
      }
    })

    test(`one whose calls are rejected with ${value}`, async () => {
      const collection = Object.fromEntries(
        ['findOne', 'updateOne', 'deleteOne', 'countDocuments', 'deleteMany'].map(name => [name, () => Promise.reject(value)]))
      const client = { db: () => ({ collection: () => collection }), async close () {} }
      const store = MongoStore.create({ client, autoRemove: 'disabled' })
      const calls = [['get', 'a'], ['set', 'a', makeSession()], ['destroy', 'a'], ['length'], ['clear'], ['ping']]
      for (const [method, ...args] of calls) {
        await failsWith(new RegExp(`the driver threw ${value}`), store, method, ...args)
      }
      await store.close()
    })
  }
})
