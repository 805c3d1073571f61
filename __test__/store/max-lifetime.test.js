'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const session = require('express-session')

const { runScript } = require('../helpers/child')
const { eventsOf, fresh, loaded } = require('../helpers/conflicts')
const { inEachForm } = require('../helpers/forms')
const { makeSession, MongoStore, useCollection } = require('../helpers/stores')

const collection = useCollection('max-lifetime')
const { modern, rows } = collection

const DAY = 24 * 60 * 60 * 1000
const HOUR = DAY / 24
/** As the option, and in milliseconds. */
const LIFETIME = 1000
const LIFETIME_MS = LIFETIME * 1000

const WAYS = { ...collection.backends, 'modern, driver': options => modern({ backend: 'driver', ...options }) }
const STORES = inEachForm(WAYS, { maxLifetime: LIFETIME, autoRemove: 'disabled' })

let sids = 0
const nextSid = () => `lifetime-${++sids}`
const rowOf = sid => rows.findOne({ _id: sid })

/** Makes a session older. Returns when it was created then. */
async function age (sid, milliseconds) {
  const { createdAt } = await rowOf(sid)
  const earlier = new Date(createdAt.getTime() - milliseconds)
  await rows.updateOne({ _id: sid }, { $set: { createdAt: earlier } })
  return earlier
}

/** Asserts that a row was created then and expires with its lifetime. */
async function assertEnds (sid, createdAt) {
  const row = await rowOf(sid)
  assert.deepEqual(row.createdAt, createdAt)
  assert.deepEqual(row.expires, new Date(createdAt.getTime() + LIFETIME_MS))
}

for (const { name, open } of STORES) {
  describe(name, () => {
    test('saves and touches move the expiration up to the end of the lifetime, and not past it', async () => {
      const store = open()
      const sid = nextSid()
      const start = Date.now()
      await store.set(sid, makeSession({ old: 1 }, 14 * DAY))
      const { createdAt } = await rowOf(sid)
      assert.ok(createdAt >= start - 5 && createdAt <= Date.now() + 5, 'of now')
      await assertEnds(sid, createdAt)

      const earlier = await age(sid, 60_000)
      await store.touch(sid, makeSession({}, 14 * DAY))
      await assertEnds(sid, earlier)
      const older = await age(sid, 60_000)
      const events = eventsOf(store)
      await store.set(sid, makeSession({ renewed: [1, { a: null }] }, 14 * DAY))
      await assertEnds(sid, older)
      assert.deepEqual(events.map(event => event.name), ['update', 'set'])

      const { cookie, ...session } = await store.get(sid)
      assert.deepEqual(session, { renewed: [1, { a: null }] }, 'the old one is replaced, not merged with')
      // A hook that stores the Cookie itself stores no such field.
      if (cookie.expires) assert.equal(new Date(cookie.expires).getTime(), older.getTime() + LIFETIME_MS)
      const soon = makeSession({}, 5000)
      await store.touch(sid, soon)
      assert.deepEqual((await rowOf(sid)).expires, soon.cookie.expires)
    })

    test('a session that has reached it is gone, whatever is done with it', async () => {
      await rows.deleteMany({}) // in other forms
      const store = open()
      const sid = nextSid()
      await store.set(sid, makeSession({ n: 1 }, 14 * DAY))
      const end = await age(sid, LIFETIME_MS)
      // A process without the option may have moved it on.
      await rows.updateOne({ _id: sid }, { $set: { expires: new Date(Date.now() + DAY) } })
      assert.ok(!await store.get(sid))
      assert.ok(!(await store.ids()).includes(sid))
      assert.deepEqual(await store.all(), [])
      await store.touch(sid, makeSession({}, 14 * DAY))
      assert.ok(!await store.get(sid))
      await assertEnds(sid, end)
      const late = makeSession({ n: 2 }, 14 * DAY)
      const [, , found] = await Promise.all([store.set(sid, late), store.touch(sid, late), store.get(sid)])
      assert.ok(!found, 'nor does a get find it that was called behind the save')
      await assertEnds(sid, end)
    })

    test('with conflicts', async () => {
      const store = open({ conflicts: 'merge' })
      const sid = nextSid()
      const events = eventsOf(store)
      const object = fresh(store, sid, { n: 0 })
      object.cookie.maxAge = 14 * DAY
      await store.set(sid, object)
      const start = await age(sid, 60_000)
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      one.one = 1
      other.other = 1
      await Promise.all([store.set(sid, one), store.set(sid, other)])
      await assertEnds(sid, start)
      const { cookie, ...merged } = await store.get(sid)
      assert.deepEqual(merged, { n: 0, one: 1, other: 1 })
      assert.deepEqual(events.map(event => event.name), ['create', 'set', 'update', 'set', 'update', 'set'])

      const late = await loaded(store, sid)
      const end = await age(sid, LIFETIME_MS)
      late.late = 1
      await store.set(sid, late)
      assert.equal(events.at(-1).name, 'gone', 'whatever the row says of its expiration')
      await store.touch(sid, late)
      await assertEnds(sid, end)

      const heir = fresh(store, sid, { heir: 1 })
      heir.cookie.maxAge = 14 * DAY
      await store.set(sid, heir)
      assert.equal((await store.get(sid)).heir, 1, 'a new session of the id has a lifetime of its own')
      const { createdAt } = await rowOf(sid)
      assert.ok(createdAt > Date.now() - 30_000)
      await assertEnds(sid, createdAt)
      await rows.deleteOne({ _id: sid })
      heir.n = 2
      await store.set(sid, heir)
      assert.equal(await rowOf(sid), null, 'and one that is gone stays gone')
    })
  })
}

for (const [way, open] of Object.entries(WAYS)) {
  describe(way, () => {
    const limited = options => open({ maxLifetime: LIFETIME, autoRemove: 'disabled', ...options })

    test('sessions with one id that two processes begin at once are merged', async () => {
      const stores = [limited({ conflicts: 'merge' }), limited({ conflicts: 'merge' })]
      const sids = Array.from({ length: 100 }, nextSid)
      await Promise.all(sids.flatMap(sid => stores.map((store, n) => store.set(sid, fresh(store, sid, { [`n${n}`]: n })))))
      for (const sid of sids) {
        const { n0, n1 } = await stores[0].get(sid)
        assert.deepEqual([n0, n1], [0, 1])
      }
    })

    test('a count leaves out what its lifetime has ended', async () => {
      const store = limited({ fields: { group: ({ group }) => group } })
      const [old, young] = [nextSid(), nextSid()]
      for (const sid of [old, young]) await store.set(sid, makeSession({ group: old }, 14 * DAY))
      await age(old, LIFETIME_MS)
      await rows.updateOne({ _id: old }, { $set: { expires: new Date(Date.now() + DAY) } })
      assert.deepEqual(await store.idsWhere({ group: old }), [young])
      assert.equal(await store.countWhere({ group: old }), 1)
    })

    test('rows without createdAt count from their first write, be it a touch', async () => {
      const store = limited()
      for (const createdAt of [undefined, 'long ago']) {
        for (const write of ['touch', 'set']) {
          const sid = nextSid()
          await open({ autoRemove: 'disabled' }).set(sid, makeSession({ n: 1 }, 14 * DAY))
          if (createdAt) await rows.updateOne({ _id: sid }, { $set: { createdAt } })
          assert.equal((await store.get(sid)).n, 1)
          const start = Date.now()
          await store[write](sid, makeSession({ n: 2 }, 14 * DAY))
          const row = await rowOf(sid)
          assert.ok(row.createdAt >= start - 5 && row.createdAt <= Date.now() + 5)
          await assertEnds(sid, row.createdAt)
        }
      }
    })

    test("it is the server's clock that counts, and no process's", async t => {
      for (const ahead of [HOUR, -HOUR]) {
        const sid = nextSid()
        const store = limited()
        await store.ping()
        t.mock.timers.enable({ apis: ['Date'], now: Date.now() + ahead })
        await store.set(sid, makeSession({}, 14 * DAY))
        t.mock.timers.reset()
        const { createdAt } = await rowOf(sid)
        assert.ok(Math.abs(createdAt - Date.now()) < 30_000)
        await assertEnds(sid, createdAt)
        t.mock.timers.enable({ apis: ['Date'], now: Date.now() + ahead })
        await store.touch(sid, makeSession({}, 14 * DAY))
        t.mock.timers.reset()
        await assertEnds(sid, createdAt)
      }
    })

    test('each operation sees what those before it have left', async () => {
      const store = limited()
      const sid = nextSid()
      const far = n => makeSession({ n }, 14 * DAY)
      await store.set(sid, far(0))
      const start = await age(sid, 60_000)
      const expected = start.getTime() + LIFETIME_MS
      const calls = []
      for (let n = 1; n < 20; n++) {
        calls.push(store.touch(sid, far(n)), store.get(sid))
        calls.push(store.set(sid, far(n)), store.touch(sid, far(n)), store.get(sid))
      }
      const found = (await Promise.all(calls)).filter(Boolean).filter(({ cookie }) => cookie)
      assert.deepEqual(found.map(({ n }) => n), Array.from({ length: 38 }, (_, i) => Math.ceil(i / 2)))
      for (const { cookie } of found) assert.equal(new Date(cookie.expires).getTime(), expected)
      await assertEnds(sid, start)
    })

    test('a text that begins with $ is stored as it is', async () => {
      const unserialize = text => ({ cookie: {}, name: text.slice(1) })
      const store = limited({ serialize: ({ name }) => `$${name}`, unserialize })
      const sid = nextSid()
      await store.set(sid, { cookie: {}, name: 'expires' })
      assert.equal((await rowOf(sid)).session, '$expires')
      assert.equal((await store.get(sid)).name, 'expires')
    })

    test('with touchAfter, a touch that is spared moves nothing, and the others no further', async () => {
      const store = limited({ touchAfter: 60 })
      const sid = nextSid()
      await store.set(sid, makeSession({}, 14 * DAY))
      const before = await rowOf(sid)
      await store.touch(sid, await store.get(sid))
      assert.deepEqual(await rowOf(sid), before)
      await rows.updateOne({ _id: sid }, { $set: { lastModified: new Date(Date.now() - HOUR) } })
      const start = await age(sid, 1000)
      await store.touch(sid, { ...await store.get(sid), ...makeSession({}, 14 * DAY) })
      assert.ok((await rowOf(sid)).lastModified >= before.lastModified)
      await assertEnds(sid, start)
    })

    test('a destroyed session and a new one of its id have nothing in common', async () => {
      const store = limited()
      const sid = nextSid()
      await store.set(sid, makeSession({}, 14 * DAY))
      await age(sid, LIFETIME_MS)
      store.destroy(sid)
      await store.set(sid, makeSession({ n: 1 }, 14 * DAY))
      assert.equal((await store.get(sid)).n, 1)
    })

    test('a lifetime of a fraction of a second ends', async () => {
      const store = open({ maxLifetime: 0.2, autoRemove: 'disabled' })
      const sid = nextSid()
      await store.set(sid, makeSession({}, 14 * DAY))
      const { createdAt, expires } = await rowOf(sid)
      assert.equal(expires - createdAt, 200)
      while (Date.now() <= expires.getTime()) await store.touch(sid, makeSession({}, 14 * DAY))
      assert.ok(!await store.get(sid))
      assert.deepEqual((await rowOf(sid)).expires, expires)
    })
  })
}

for (const backend of ['native', 'driver']) {
  test(`${backend}: with timestamps, createdAt is written once and updatedAt each time`, async () => {
    const store = modern({ backend, timestamps: true, maxLifetime: LIFETIME, autoRemove: 'disabled' })
    const sid = nextSid()
    await store.set(sid, makeSession({}, 14 * DAY))
    const { createdAt, updatedAt } = await rowOf(sid)
    assert.deepEqual(updatedAt, createdAt)
    await rows.updateOne({ _id: sid }, { $set: { updatedAt: new Date(0) } })
    await store.touch(sid, makeSession({}, 14 * DAY))
    assert.ok((await rowOf(sid)).updatedAt >= updatedAt)
    await assertEnds(sid, createdAt)
  })
}

test('it holds where the addon cannot be loaded', async () => {
  const { stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(url)
    const rows = client.db().collection('max-lifetime')
    const lasting = () => ({ cookie: { expires: new Date(Date.now() + ${DAY}) } })
    const store = MongoStore.create({ client, collectionName: 'max-lifetime', maxLifetime: ${LIFETIME}, autoRemove: 'disabled' })
    const ends = async () => {
      const { createdAt, expires } = await rows.findOne({ _id: 'one-by-one' })
      console.log(expires - createdAt)
    }
    ;(async () => {
      await store.set('one-by-one', lasting())
      await ends()
      await store.touch('one-by-one', lasting())
      await ends()
      await rows.updateOne({ _id: 'one-by-one' }, { $set: { createdAt: new Date(Date.now() - ${LIFETIME_MS}) } })
      store.touch('one-by-one', lasting())
      console.log(await store.get('one-by-one'))
      await store.close()
    })()
  `, { env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere/there-is-no-addon.node' } })
  assert.match(stderr, /CONNECT_MONGO_NO_ADDON/)
  assert.equal(stdout, `${LIFETIME_MS}\n${LIFETIME_MS}\nnull\n`)
})

test('what it takes', () => {
  for (const [value, error] of [[0, RangeError], [-1, RangeError], [9e15, RangeError], ['soon', TypeError], [{}, TypeError]]) {
    assert.throws(() => modern({ maxLifetime: value }), { name: error.name, message: /^maxLifetime must be / })
  }
})

test("session-mongoose's dialect has none", () => {
  const SessionStore = require('../../session-mongoose')(session)
  assert.throws(() => new SessionStore({ url: collection.url, maxLifetime: 5 }), {
    name: 'TypeError', message: /^session-mongoose has no maxLifetime, .*use require\('connect-mongo-native'\)\(session\)/
  })
})

test('a server before 4.2 is refused by what it says of itself', async () => {
  const called = []
  const server = {
    command: async command => {
      if (command.hello) throw new Error('no such command: hello')
      return { maxWireVersion: 7, localTime: new Date() }
    },
    collection: () => new Proxy({}, { get: (_, name) => name === 'then' ? undefined : async () => called.push(name) })
  }
  const store = MongoStore.create({
    client: { db: () => server, async close () {} }, maxLifetime: LIFETIME, autoRemove: 'disabled'
  })
  const failure = { name: 'MongoCompatibilityError', message: /maxLifetime needs MongoDB 4\.2/ }
  await assert.rejects(store.set('old', makeSession()), failure)
  await assert.rejects(store.get('old'), failure)
  assert.deepEqual(called, [])
  await store.close()
})
