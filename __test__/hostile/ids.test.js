'use strict'

// Ids of every kind and size, many of them in one find: each is data, and finds its own row and no other.

const assert = require('node:assert/strict')
const { before, describe, test } = require('node:test')
const { Long, ObjectId, UUID } = require('mongodb')

const { callback, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('hostile-ids')

const OWN = { autoRemove: 'disabled' }
const HEX = '0123456789abcdef01234567'

/** Whatever a client may send as its cookie, or something that looks alike to somebody. */
const TEXTS = [
  '', ' ', '\0', 'a', 'a\0', 'a\0b', 'a ', 'A', '$where', '$ne', '{"$gt":""}', '{"$ne":null}', '__proto__', 'constructor', 'toString',
  'hasOwnProperty', 'null', 'undefined', 'NaN', '5', '05', '5.0', HEX, '..', '../..', '%00', "'", '"', '`', '\\', '\n', '\r\n', '.', 'a.b', '$',
  'é', 'e\u0301', 'É', '✓', '😀', '\ufeff', '\ufffd', '\u202e', 'ﬀ', 'ff', 'İ', 'i', 'ß', 'SS', '\u2028', '\uffff', '\u{10ffff}',
  'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(1023), 'x'.repeat(1024), 'x'.repeat(65_535), 'x'.repeat(65_536),
  'é'.repeat(40_000), 'x'.repeat(1 << 20)
]

/** What `transformId` may make of an id; those in one list are one id to MongoDB. */
const OTHERS = [
  [5, 5n], [-5], [2 ** 31], [2 ** 53 - 1, BigInt(2 ** 53 - 1)], [1.5], [-1.5e300], [Infinity], [-Infinity],
  [new Date(5)], [new Date(-5)], [new Date(8.64e15)],
  [new ObjectId(HEX)], [new UUID('01234567-89ab-4cde-8f01-23456789abcd')],
  [Buffer.alloc(0)], [Buffer.from('a')], [Buffer.from(HEX)], [Buffer.from(HEX, 'hex')], [Buffer.alloc(16, 1)], [Buffer.alloc(70_000, 1)]
]

for (const [name, open] of Object.entries(backends)) {
  describe(name, () => {
    before(() => rows.deleteMany({}))

    test('texts: all at once, each has its own session', async () => {
      await own(open(OWN), TEXTS.map(text => [text]))
      assert.equal(await rows.countDocuments({}), TEXTS.length)
    })

    test('values of transformId, beside the texts that look like them', async () => {
      await rows.deleteMany({})
      const values = [...TEXTS.slice(0, 40).map(text => [text]), ...OTHERS]
      const all = new Map(values.flat().map((value, index) => [`id ${index}`, value]))
      const store = open({ ...OWN, transformId: sid => all.get(sid) })
      const idOf = new Map([...all].map(([sid, value]) => [value, sid]))
      await own(store, values.map(list => list.map(value => idOf.get(value))))
      assert.equal(await rows.countDocuments({}), values.length)
    })

    test('one that is too large fails alone, and so does one that is no id', async () => {
      const store = open(OWN)
      await store.set('good', { cookie: {}, n: 1 })
      const bad = ['x'.repeat(17 << 20), {}, [], null, undefined, { $ne: null }, /./, Symbol.iterator, () => {}]
      const outcomes = await Promise.allSettled([...bad.map(id => store.get(id)), store.get('good')])
      assert.equal(outcomes.pop().value.n, 1)
      outcomes.slice(1).forEach(({ reason }, index) => assert.equal(reason.name, 'TypeError', `bad id ${index + 1}`))
      const [large] = outcomes
      // A find may be that large on the wire; nothing has such an id.
      assert.ok(large.status === 'rejected' || !large.value, 'the large one')
      assert.ok(!large.reason?.message.includes('xxxxxxxx'))
      const [error] = await callback(store, 'set', bad[0], { cookie: {} })
      assert.ok(error instanceof Error)
      assert.ok(!error.message.includes('xxxxxxxx'))
    })

    test('a lone surrogate is stored as U+FFFD, and is that id', async () => {
      const store = open(OWN)
      const same = ['\ud800x', '\ufffdx', '\udc00x', '\udfffx']
      for (const [n, id] of same.entries()) {
        await store.set(id, { cookie: {}, n })
        const found = await Promise.all([...same, 'x'].map(id => store.get(id)))
        assert.deepEqual(found.map(session => session?.n), [n, n, n, n, undefined])
      }
      // In the order of the calls, too.
      const outcomes = await Promise.all(same.flatMap((id, n) => {
        return [store.set(id, { cookie: {}, n }), store.get(same.at(n - 1))]
      }))
      assert.deepEqual(outcomes.filter((_, index) => index % 2 === 1).map(({ n }) => n), [0, 1, 2, 3])
      await store.destroy('\udbffx')
      assert.equal(await rows.countDocuments({ _id: '\ufffdx' }), 0)
    })

    test('what looks like an operator is none', async () => {
      const store = open({ ...OWN, transformId: sid => sid === 'a' ? Long.fromNumber(5) : { $gt: '' } })
      for (const method of ['get', 'destroy']) await assert.rejects(store[method]('b'), { name: 'TypeError' })
      assert.ok(await rows.countDocuments({}) > 0)
    })
  })
}

/** Stores sessions, reads all at once, and destroys every other. `lists`: each of ids that are one id. */
async function own (store, lists) {
  const ids = lists.flatMap((list, n) => list.map(id => [id, n]))
  await Promise.all(lists.map(([id], n) => store.set(id, { cookie: {}, n })))
  const all = await Promise.all(ids.map(([id]) => store.get(id)))
  all.forEach((session, index) => assert.equal(session?.n, ids[index][1], `id ${index}`))
  await Promise.all(lists.filter((_, n) => n % 2 === 0).map(([id]) => store.destroy(id)))
  const rest = await Promise.all(ids.map(([id]) => store.get(id)))
  rest.forEach((session, index) => {
    const n = ids[index][1]
    assert.equal(session?.n, n % 2 === 0 ? undefined : n, `id ${index} after the destroys`)
  })
  await Promise.all(lists.map(([id], n) => store.set(id, { cookie: {}, n })))
}
