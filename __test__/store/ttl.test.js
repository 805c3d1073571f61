'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends, legacy, modern, rows } = useCollection('ttl')

const DAY = 24 * 60 * 60 * 1000

/** Asserts that a row expires `fromNow` milliseconds after a moment since `start`. */
async function assertExpires (sid, start, fromNow) {
  const { expires } = await rows.findOne({ _id: sid })
  assert.ok(expires >= start + fromNow, `${expires - start} ms`)
  assert.ok(expires <= Date.now() + fromNow, `${expires - start} ms`)
}

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('a session expires with its cookie', async () => {
      const session = makeSession({}, 3600_000)
      await open({ ttl: 5 }).set(`${dialect}-cookie`, session)
      assert.deepEqual((await rows.findOne({ _id: `${dialect}-cookie` })).expires, session.cookie.expires)
    })

    test('or else after ttl seconds', async () => {
      const start = Date.now()
      await open({ ttl: 90 }).set(`${dialect}-ttl`, makeSession({}, null))
      await assertExpires(`${dialect}-ttl`, start, 90_000)
    })

    test('which may be a function of session and id', async () => {
      const store = open({ ttl: ({ remembered }, sid) => remembered && sid === `${dialect}-function` ? 900 : 90 })
      for (const [remembered, seconds] of [[true, 900], [false, 90]]) {
        const start = Date.now()
        await store.set(`${dialect}-function`, makeSession({ remembered }, null))
        await assertExpires(`${dialect}-function`, start, seconds * 1000)
      }
      await store.touch(`${dialect}-function`, makeSession({ remembered: true }, null))
      await assertExpires(`${dialect}-function`, Date.now() - 1000, 900_000)
      const session = makeSession({ remembered: true }, 5000)
      await store.set(`${dialect}-function`, session)
      assert.deepEqual((await rows.findOne({ _id: `${dialect}-function` })).expires, session.cookie.expires)
    })

    test('and fails an operation by what it throws or returns', async () => {
      const failures = [[() => { throw new Error('never mind') }, /never mind/], [() => 0, /ttl must return a positive/],
        [() => '90', /ttl must return a positive number \(seconds\): got/], [() => NaN, /ttl must return/]]
      for (const [ttl, message] of failures) {
        const store = open({ ttl })
        await assert.rejects(store.set(`${dialect}-failing`, makeSession({}, null)), message)
        await assert.rejects(store.touch(`${dialect}-failing`, makeSession({}, null)), message)
        assert.ok(!await store.get(`${dialect}-failing`))
      }
    })

    test('a touch without a session moves nothing, nor does one with touch: false', async () => {
      const sid = `${dialect}-untouched`
      const session = makeSession({ n: 1 })
      await open().set(sid, session)
      const touched = []
      for (const [store, ...args] of [[open(), sid], [open({ touch: false }), sid, makeSession({}, 3600_000)]]) {
        store.on('touch', () => touched.push(store))
        await store.touch(...args)
        assert.deepEqual((await rows.findOne({ _id: sid })).expires, session.cookie.expires)
      }
      const [error] = await new Promise(resolve => open().touch(sid, (...args) => resolve(args)))
      assert.ok(!error)
      assert.deepEqual((await rows.findOne({ _id: sid })).expires, session.cookie.expires, 'with a callback alone')
      assert.deepEqual(touched, [])
      const later = makeSession({ n: 2 }, 3600_000)
      await open({ touch: false }).set(sid, later)
      assert.deepEqual((await rows.findOne({ _id: sid })).expires, later.cookie.expires)
    })

    test('14 days by default', async () => {
      const start = Date.now()
      await open().set(`${dialect}-default`, makeSession({}, null))
      await assertExpires(`${dialect}-default`, start, 14 * DAY)
    })

    test('touch moves the expiration, with the cookie or by ttl', async () => {
      const store = open({ ttl: 90 })
      await store.set(`${dialect}-touch`, makeSession({}, 5000))
      const touched = makeSession({}, 3600_000)
      await store.touch(`${dialect}-touch`, touched)
      assert.deepEqual((await rows.findOne({ _id: `${dialect}-touch` })).expires, touched.cookie.expires)
      const start = Date.now()
      await store.touch(`${dialect}-touch`, makeSession({}, null))
      await assertExpires(`${dialect}-touch`, start, 90_000)
    })

    test('touch leaves what is stored as it is', async () => {
      const store = open()
      await store.set(`${dialect}-kept`, makeSession({ user: 1 }))
      const before = await rows.findOne({ _id: `${dialect}-kept` })
      await store.touch(`${dialect}-kept`, makeSession({ user: 2 }, 7200_000))
      const after = await rows.findOne({ _id: `${dialect}-kept` })
      assert.deepEqual({ ...after, expires: null }, { ...before, expires: null })
    })

    for (const stringify of [true, false]) {
      test(`get shows a touch in the cookie (stringify: ${stringify})`, async () => {
        const store = open({ stringify })
        const sid = `${dialect}-shows-${stringify}`
        await store.set(sid, makeSession({}, 5000))
        const touched = makeSession({}, 3600_000)
        await store.touch(sid, touched)
        const { cookie } = await store.get(sid)
        assert.deepEqual(cookie.expires, stringify ? touched.cookie.expires.toISOString() : touched.cookie.expires)
        assert.equal(cookie.originalMaxAge, 5000)
        const all = await store.all()
        assert.ok(all.some(session => new Date(session.cookie.expires).getTime() === touched.cookie.expires.getTime()))
      })

      test(`a cookie without expiration stays without (stringify: ${stringify})`, async () => {
        const store = open({ stringify })
        const sid = `${dialect}-browser-${stringify}`
        await store.set(sid, makeSession({}, null))
        assert.equal((await store.get(sid)).cookie.expires, null)
      })
    }

    test('an expired session is not found, whether or not it is removed yet', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.set(`${dialect}-expired`, makeSession({ user: 1 }, -1000))
      assert.ok(!await store.get(`${dialect}-expired`))
      assert.ok(!(await store.ids()).includes(`${dialect}-expired`))
    })

    test("the app's clock decides what has expired", async t => {
      const store = open()
      await store.set('clock', makeSession({}, 60_000))
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 })
      assert.ok(!await store.get('clock'))
      t.mock.timers.reset()
      assert.ok(await store.get('clock'))
    })

    test('a row without an expiration lives, one whose expiration is no date does not', async () => {
      const store = open()
      const session = JSON.stringify({ cookie: {} })
      await rows.insertMany([
        { _id: `${dialect}-forever`, session }, { _id: `${dialect}-null`, session, expires: null },
        { _id: `${dialect}-text`, session, expires: '2999-01-01' }
      ])
      assert.deepEqual(await store.get(`${dialect}-forever`), { cookie: {} })
      assert.ok(!await store.get(`${dialect}-null`))
      assert.ok(!await store.get(`${dialect}-text`))
    })

    test("an expiration that is no date falls back on ttl, and get's clock is the app's", async t => {
      const start = Date.now()
      const store = open({ ttl: 90 })
      await store.set(`${dialect}-odd`, { cookie: { expires: new Date(NaN) } })
      await assertExpires(`${dialect}-odd`, start, 90_000)
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 100_000 })
      assert.ok(!await store.get(`${dialect}-odd`))
    })
  })
}

test('legacy: ttl 0 is the default', async () => {
  const start = Date.now()
  await legacy({ ttl: 0 }).set('legacy-zero', makeSession({}, null))
  await assertExpires('legacy-zero', start, 14 * DAY)
})

test('modern: ttl 0 is none', async () => {
  const store = modern({ ttl: 0 })
  await store.set('modern-zero', makeSession({}, null))
  assert.equal(await store.get('modern-zero'), null)
})
