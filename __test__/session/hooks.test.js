'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { describe, test } = require('node:test')
const { ObjectId, UUID } = require('mongodb')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('hooks')

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('serialize makes what is stored, unserialize gets it back', async () => {
      const store = open({
        serialize: ({ user }) => ({ name: user, at: new Date(5) }),
        unserialize: ({ name, at }) => ({ cookie: {}, user: name, at })
      })
      await store.set(`${dialect}-hooks`, makeSession({ user: 'u' }))
      assert.deepEqual((await rows.findOne({ _id: `${dialect}-hooks` })).session, { name: 'u', at: new Date(5) })
      assert.deepEqual(await store.get(`${dialect}-hooks`), { cookie: {}, user: 'u', at: new Date(5) })
    })

    test('all unserializes too', async () => {
      const store = open({ unserialize: () => 'unserialized' })
      await store.set(`${dialect}-all`, makeSession())
      assert.deepEqual(new Set(await store.all()), new Set(['unserialized']))
    })

    test('serialize alone: get returns what is stored', async () => {
      const store = open({ serialize: JSON.stringify })
      const session = makeSession({ user: 'u' })
      await store.set(`${dialect}-serialize`, session)
      assert.equal(await store.get(`${dialect}-serialize`), JSON.stringify(session))
    })

    test('unserialize alone: sessions are stored as documents', async () => {
      const store = open({ unserialize: stored => Object.assign(stored, { unserialized: true }) })
      await store.set(`${dialect}-unserialize`, makeSession({ user: 'u' }))
      assert.equal((await rows.findOne({ _id: `${dialect}-unserialize` })).session.user, 'u')
      assert.equal((await store.get(`${dialect}-unserialize`)).unserialized, true)
    })

    test('unserialize reads both what is JSON and what is a document', async () => {
      const unserialize = stored => typeof stored === 'string' ? JSON.parse(stored) : stored
      const store = open({ serialize: JSON.stringify, unserialize })
      await open({ stringify: true }).set(`${dialect}-text`, { user: 1 })
      await open({ stringify: false }).set(`${dialect}-document`, { user: 2 })
      assert.equal((await store.get(`${dialect}-text`)).user, 1)
      assert.equal((await store.get(`${dialect}-document`)).user, 2)
    })

    test('the session that serialize is given keeps its cookie and identity', async () => {
      const session = makeSession()
      let given
      await open({ serialize: value => JSON.stringify(given = value) }).set(`${dialect}-given`, session)
      assert.equal(given, session)
    })

    const KINDS = {
      string: sid => createHash('sha1').update(sid).digest('hex'),
      number: sid => sid.length,
      fraction: sid => sid.length + 0.5,
      bigint: sid => BigInt(sid.length) + 2n ** 40n,
      date: sid => new Date(sid.length),
      buffer: sid => Buffer.from(sid),
      ObjectId: sid => new ObjectId(createHash('sha1').update(sid).digest().subarray(0, 12)),
      UUID: sid => new UUID(createHash('sha1').update(sid).digest().subarray(0, 16))
    }
    for (const [kind, transformId] of Object.entries(KINDS)) {
      test(`transformId may make a ${kind}`, async () => {
        const store = open({ transformId })
        const sid = `${dialect}-${kind}`
        const _id = transformId(sid)
        await store.set(sid, makeSession({ kind }))
        assert.equal(JSON.parse((await rows.findOne({ _id })).session).kind, kind)
        assert.equal((await store.get(sid)).kind, kind)
        await store.touch(sid, makeSession({}, 7200_000))
        assert.ok((await rows.findOne({ _id })).expires > Date.now() + 7000_000)
        await store.destroy(sid)
        assert.equal(await rows.findOne({ _id }), null)
      })
    }

    test('ids returns what transformId made', async () => {
      const store = open({ transformId: sid => sid.length })
      await store.set('four', makeSession())
      assert.ok((await store.ids()).includes(4))
    })

    test('an object that transformId makes is an error, never a query', async () => {
      const store = open()
      await store.set(`${dialect}-precious`, makeSession())
      const evil = open({ transformId: () => ({ $ne: null }) })
      for (const operation of [evil.get('a'), evil.destroy('a'), evil.touch('a', {}), evil.set('a', {})]) {
        await assert.rejects(operation, { name: 'TypeError', message: /session id/ })
      }
      for (const id of [undefined, null, {}, { $gt: '' }]) {
        await assert.rejects(store.get(id), { name: 'TypeError' })
        await assert.rejects(store.destroy(id), { name: 'TypeError' })
      }
      assert.ok(await store.get(`${dialect}-precious`))
    })

    test('events carry the id that the app knows', async () => {
      const store = open({ transformId: sid => sid.toUpperCase() })
      const seen = []
      store.on('set', sid => seen.push(sid))
      await store.set(`${dialect}-lower`, makeSession())
      assert.deepEqual(seen, [`${dialect}-lower`])
    })
  })
}
