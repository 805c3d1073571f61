'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Cookie } = require('express-session')
const { Binary, Decimal128, Double, Int32, Long, ObjectId } = require('mongodb')

const { isBefore } = require('../helpers/server-version')
const { makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('stringify')

const stored = async (_id, options) => (await rows.findOne({ _id }, options)).session

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('by default a session is stored as exactly its JSON', async () => {
      const session = makeSession({ z: 1, a: 'é✓😀', surrogate: '\ud800', nested: { list: [1.50, null] }, 10: 'x' })
      await open().set(`${dialect}-json`, session)
      assert.equal(await stored(`${dialect}-json`), JSON.stringify(session))
      assert.deepEqual(await open().get(`${dialect}-json`), JSON.parse(JSON.stringify(session)))
    })

    test('stringify: false stores a document, its types as the Node.js driver stores them', async () => {
      const store = open({ stringify: false })
      const sid = `${dialect}-document`
      const date = new Date('2026-01-01')
      const takesDollars = !await isBefore('5.0')
      await store.set(sid, makeSession({
        int: 5, large: 2 ** 31, fraction: 1.5, minusZero: -0, big: 2n ** 40n, date, id: new ObjectId(), none: undefined,
        list: [undefined, 1], buffer: Buffer.from('b'), map: new Map([['k', 'v']]), re: /a/i,
        decimal: Decimal128.fromString('0.1'), long: Long.fromNumber(7), method () {}, 'a.b': 1, ...takesDollars && { $c: 2 }
      }))

      const types = await stored(sid, { promoteValues: false })
      assert.ok(types.int instanceof Int32)
      for (const name of ['large', 'fraction', 'minusZero']) assert.ok(types[name] instanceof Double, name)
      for (const name of ['big', 'long']) assert.ok(types[name] instanceof Long, name)
      assert.ok(types.decimal instanceof Decimal128)
      assert.ok(types.buffer instanceof Binary)
      assert.ok(types.id instanceof ObjectId)
      assert.deepEqual(types.date, date)
      assert.equal(types.none, null)
      assert.equal(types.list[0], null)
      assert.deepEqual(Object.keys(types.map), ['k'])
      assert.equal(types.re.source, 'a')
      assert.ok(!('method' in types))
      assert.equal(types['a.b'].value, 1)
      if (takesDollars) assert.equal(types.$c.value, 2)
    })

    test('what get returns then is what the Node.js driver would read', async () => {
      const store = open({ stringify: false })
      const sid = `${dialect}-read`
      await store.set(sid, makeSession({
        id: new ObjectId(), date: new Date(), long: Long.fromString('9007199254740993'), small: Long.fromNumber(7),
        buffer: Buffer.from('b'), list: [{ deep: new ObjectId() }], text: 'é✓😀'
      }))
      assert.deepEqual(await store.get(sid), await stored(sid))
    })

    for (const major of ['bson-1', 'bson-4', 'bson-6']) {
      test(`an ObjectId of ${major} survives the round trip`, async () => {
        const { ObjectID, ObjectId: Id = ObjectID } = require(major)
        const store = open({ stringify: false })
        const sid = `${dialect}-${major}`
        const id = new Id()
        await store.set(sid, makeSession({ user: { id } }))
        assert.equal((await store.get(sid)).user.id.toHexString(), id.toHexString())
        assert.ok((await stored(sid)).user.id instanceof ObjectId)
      })
    }

    test("the cookie is stored as its data, and the caller's session stays as it is", async () => {
      const session = makeSession({ user: 1 }, 5000)
      await open({ stringify: false }).set(`${dialect}-cookie`, session)
      assert.ok(session.cookie instanceof Cookie)
      const { cookie } = await stored(`${dialect}-cookie`)
      assert.deepEqual(cookie.expires, session.cookie.expires)
      assert.equal(cookie.originalMaxAge, 5000)
      assert.ok(!('_expires' in cookie))
    })

    test('what is stored decides how it is read, whatever stringify says now', async () => {
      const session = { cookie: {}, user: 'u' }
      for (const [first, then] of [[true, false], [false, true]]) {
        const sid = `${dialect}-${first}-${then}`
        await open({ stringify: first }).set(sid, session)
        assert.deepEqual(await open({ stringify: then }).get(sid), session)
      }
    })

    test('a stored text that is no JSON is an error that does not repeat it', async () => {
      await rows.insertOne({ _id: `${dialect}-garbage`, session: 'hunter2' })
      await assert.rejects(open().get(`${dialect}-garbage`), error =>
        error instanceof SyntaxError && !error.message.includes('hunter2'))
      await rows.deleteOne({ _id: `${dialect}-garbage` })
    })

    test('a session that cannot be stored fails alone', async () => {
      const circular = makeSession()
      circular.self = circular
      for (const stringify of [true, false]) {
        const store = open({ stringify })
        const [good, bad, other] = await Promise.allSettled([
          store.set(`${dialect}-good`, makeSession()), store.set(`${dialect}-bad`, circular),
          store.set(`${dialect}-other`, makeSession())
        ])
        assert.equal(good.status, 'fulfilled')
        assert.equal(bad.status, 'rejected')
        assert.equal(other.status, 'fulfilled')
      }
    })
  })
}
