'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('touch-after')

const row = _id => rows.findOne({ _id })

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('set keeps when it was, get shows it, and a touch within the time is spared', async () => {
      const store = open({ touchAfter: 3600 })
      const sid = `${dialect}-spared`
      const start = Date.now()
      await store.set(sid, makeSession({ user: 1 }))
      const before = await row(sid)
      assert.ok(before.lastModified >= start && before.lastModified <= Date.now())

      const session = await store.get(sid)
      assert.ok(session.lastModified instanceof Date)
      assert.deepEqual(session.lastModified.getTime(), before.lastModified.getTime())
      await store.touch(sid, { ...session, cookie: makeSession({}, 7200_000).cookie })
      assert.deepEqual(await row(sid), before)
    })

    test('a touch after the time is written', async t => {
      const store = open({ touchAfter: 3600 })
      const sid = `${dialect}-written`
      await store.set(sid, makeSession({}, 24 * 3600_000))
      const session = await store.get(sid)
      const later = Date.now() + 3601_000
      t.mock.timers.enable({ apis: ['Date'], now: later })
      session.cookie = makeSession({}, 24 * 3600_000).cookie
      await store.touch(sid, session)
      const after = await row(sid)
      assert.equal(after.lastModified.getTime(), later)
      assert.deepEqual(after.expires, session.cookie.expires)
    })

    test('a row from before touchAfter is touched once, and spared from then on', async () => {
      const sid = `${dialect}-older`
      await open().set(sid, makeSession())
      assert.equal((await row(sid)).lastModified, undefined)

      const store = open({ touchAfter: 3600 })
      await store.touch(sid, await store.get(sid))
      const { lastModified } = await row(sid)
      assert.ok(lastModified instanceof Date)
      await store.touch(sid, await store.get(sid))
      assert.deepEqual((await row(sid)).lastModified, lastModified)
    })

    for (const stringify of [true, false]) {
      test(`lastModified is neither stored with a session nor taken from it (stringify: ${stringify})`, async () => {
        const store = open({ touchAfter: 3600, stringify })
        const sid = `${dialect}-apart-${stringify}`
        await store.set(sid, makeSession({ user: 1 }))
        const session = await store.get(sid)
        const { lastModified } = session
        const before = JSON.stringify(session)
        await store.set(sid, session)
        assert.equal(session.lastModified, lastModified)
        assert.equal(JSON.stringify(session), before)
        const stored = (await row(sid)).session
        assert.ok(!('lastModified' in (stringify ? JSON.parse(stored) : stored)))
      })

      test(`an app's own lastModified is its data (stringify: ${stringify})`, async () => {
        const store = open({ touchAfter: 3600, stringify })
        const sid = `${dialect}-own-${stringify}`
        await store.set(sid, makeSession({ lastModified: 'yesterday' }))
        const session = await store.get(sid)
        assert.equal(session.lastModified, 'yesterday')
        await store.touch(sid, session)
      })
    }

    test('without touchAfter there is no lastModified', async () => {
      const store = open()
      const sid = `${dialect}-without`
      await store.set(sid, makeSession())
      await rows.updateOne({ _id: sid }, { $set: { lastModified: new Date() } })
      assert.ok(!('lastModified' in await store.get(sid)))
    })

    test('a whole row, as the driver reads it, is spared too', async () => {
      const store = open({ touchAfter: 3600 })
      const sid = `${dialect}-row`
      await store.set(sid, makeSession({}, null))
      const before = await row(sid)
      await store.touch(sid, before)
      assert.deepEqual(await row(sid), before)
    })
  })
}
