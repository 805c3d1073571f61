'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { ttlIndex } = require('../helpers/rows')
const { makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('collection-wide')

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('all and ids return live sessions, length counts all rows, clear leaves none', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.clear()
      await Promise.all([
        ...['a', 'b', 'c'].map(id => store.set(id, makeSession({ id }))),
        store.set('expired', makeSession({}, -1000))
      ])
      assert.deepEqual((await store.all()).map(({ id }) => id).sort(), ['a', 'b', 'c'])
      assert.deepEqual((await store.ids()).sort(), ['a', 'b', 'c'])
      assert.equal(await store.length(), 4)
      assert.equal(await store.sweep(), 1)
      assert.equal(await store.length(), 3)
      await store.clear()
      assert.equal(await store.length(), 0)
      assert.deepEqual(await store.all(), [])
      assert.deepEqual(await store.ids(), [])
    })

    test('entries yields live sessions with their ids and expirations', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.clear()
      const session = makeSession({ user: 'u' })
      session.cookie.expires = new Date(Date.now() + 60_000)
      const set = store.set('a', session)
      const iterator = store.entries()
      const first = iterator.next()
      await Promise.all([set, store.set('expired', makeSession({}, -1000))])
      const { value } = await first
      assert.deepEqual([value.id, value.session.user, value.expires], ['a', 'u', session.cookie.expires])
      assert.equal((await iterator.next()).done, true)
      await rows.insertOne({ _id: 7, session: '{"cookie":{}}' })
      const found = []
      for await (const { id, expires } of store.entries()) found.push([id, expires])
      assert.deepEqual(found, [[7, null], ['a', session.cookie.expires]])
      await store.close()
      await assert.rejects(store.entries().next(), { name: 'MongoClientClosedError' })
    })

    test('they see what was called before them', async () => {
      const store = open()
      await store.clear()
      const set = store.set('first', makeSession({ id: 'first' }))
      const [length, all, ids] = await Promise.all([store.length(), store.all(), store.ids()])
      await set
      assert.equal(length, 1)
      assert.equal(all.length, 1)
      assert.deepEqual(ids, ['first'])
    })

    test('what is called after clear happens after it', async () => {
      const store = open()
      await Promise.all([store.set('before', makeSession()), store.clear(), store.set('after', makeSession())])
      assert.deepEqual(await store.ids(), ['after'])
    })

    test('clear keeps the index, and an empty collection is none to it', async () => {
      const store = open()
      assert.ok(await ttlIndex(rows))
      await store.set('a', makeSession())
      await store.clear()
      await store.clear()
      assert.ok((await rows.indexes()).some(({ name }) => name === 'expires_1'))
    })

    test('all and ids go on over many pages, and over ids of many types', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.clear()
      const expires = new Date(Date.now() + 3600_000)
      const session = n => JSON.stringify({ cookie: {}, n })
      const documents = Array.from({ length: 6000 }, (_, n) => ({ _id: `id-${n}`, session: session(n), expires }))
      documents.push({ _id: 5, session: session(6000), expires }, { _id: new Date(7), session: session(6001), expires })
      await rows.insertMany(documents)
      const numbers = (await store.all()).map(({ n }) => n).sort((a, b) => a - b)
      assert.deepEqual(numbers, Array.from({ length: 6002 }, (_, n) => n))
      const ids = await store.ids()
      assert.equal(ids.length, 6002)
      assert.ok(ids.includes(5))
      const listed = []
      for await (const { id, session } of store.entries()) listed.push([id, session.n])
      assert.deepEqual(listed.map(([id]) => id), ids)
      assert.equal(new Set(listed.map(([, n]) => n)).size, 6002)
      assert.ok(ids.some(id => id instanceof Date && id.getTime() === 7))
      await store.clear()
    })
  })
}
