'use strict'

// Saves and touches that come after an expiration, after a merge or after a save of which nobody knows
// whether it was stored; and what a function of the app's may do with what it is given.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { Save } = require('../../lib/conflicts/save')
const { eventsOf, fresh, loaded, stored } = require('../helpers/conflicts')
const { inEachForm } = require('../helpers/forms')
const { Proxy } = require('../helpers/proxy')
const { MongoStore, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const collection = useCollection('late-saves')
const { rows } = collection

const WAYS = { ...collection.backends, 'modern, driver': options => collection.modern({ backend: 'driver', ...options }) }
const OPTIONS = { conflicts: 'merge', autoRemove: 'disabled' }

const DAY_MS = 24 * 60 * 60 * 1000

let sids = 0
const nextSid = () => `late-save-${++sids}`
const names = events => events.map(({ name }) => name)

/** Sessions live for a minute. */
const EXPIRED_MS = 61_000

/** What `action` does that much later by the app's clock, which decides whether a session has expired. */
async function later (action) {
  const { now } = Date
  Date.now = () => now() + EXPIRED_MS
  try {
    await action()
  } finally {
    Date.now = now
  }
}

for (const { name, open } of inEachForm(WAYS, OPTIONS)) {
  describe(name, () => {
    test('a session that expires during a request is gone for its touch, too', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const object = await loaded(store, sid)
      const { expires } = await rows.findOne({ _id: sid })
      const events = eventsOf(store)
      await later(async () => {
        object.cookie.maxAge = 60_000
        await store.touch(sid, object)
        await store.set(sid, object) // with `resave`, nothing has changed
        object.n = 1
        await store.set(sid, object)
      })
      assert.deepEqual(names(events), ['gone', 'gone', 'gone'])
      assert.deepEqual((await rows.findOne({ _id: sid })).expires, expires)
      assert.equal((await store.stats()).gone, 3)
    })

    test('but not if another request has moved the expiration on', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const object = await loaded(store, sid)
      const other = await loaded(store, sid)
      other.cookie.maxAge = 90_000
      other.n = 1
      await store.set(sid, other)
      const events = eventsOf(store)
      await later(async () => {
        object.cookie.maxAge = 60_000
        await store.touch(sid, object)
      })
      assert.deepEqual(names(events), ['touch'])
      assert.ok((await rows.findOne({ _id: sid })).expires > Date.now() + EXPIRED_MS + 50_000)
      assert.deepEqual(await stored(store, sid), { n: 1 })
    })

    test('after a merge, later saves of the object keep to the merged cookie', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [ours, theirs] = [await loaded(store, sid), await loaded(store, sid)]
      theirs.cookie.maxAge = 30 * DAY_MS
      theirs.theirs = 1
      await store.set(sid, theirs)
      const events = eventsOf(store)
      for (const n of [1, 2]) {
        ours.n = n
        await store.set(sid, ours)
        const { expires } = await rows.findOne({ _id: sid })
        assert.ok(expires > Date.now() + 29 * DAY_MS, `save ${n}: ${expires}`)
        assert.deepEqual(await stored(store, sid), { n, theirs: 1 })
      }
      for (const move of ['touch', 'set']) {
        ours.cookie.maxAge = 60_000
        await rows.updateOne({ _id: sid }, { $set: { expires: new Date(Date.now() + DAY_MS) } })
        await store[move](sid, ours) // with `resave`, a save that changes nothing is a touch
        const { expires } = await rows.findOne({ _id: sid })
        assert.ok(expires > Date.now() + 29 * DAY_MS, `${move}: ${expires}`)
      }
      assert.deepEqual(await stored(store, sid), { n: 2, theirs: 1 })
      const sets = events.filter(event => event.name === 'set')
      assert.deepEqual(sets.map(({ details }) => [details?.n, details?.theirs]), [[1, 1], [2, 1]])
    })

    test('a function may change all that it is given', async () => {
      const conflicts = (base, theirs, ours) => {
        for (const one of [base, theirs, ours]) one.seen = { by: 'the function' }
        return Object.assign(theirs, ours)
      }
      const store = open({ conflicts })
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const requests = await Promise.all([1, 2, 3].map(() => loaded(store, sid)))
      store.on('set', (id, session) => { if (session) session.spoiled = true })
      for (const [n, object] of requests.entries()) {
        object[`n${n}`] = n
        await store.set(sid, object)
      }
      requests[1].again = 1
      await store.set(sid, requests[1])
      assert.deepEqual(await stored(store, sid), {
        n: 0, n0: 0, n1: 1, n2: 2, again: 1, seen: { by: 'the function' }
      })
    })
  })
}

for (const [way, open] of Object.entries(WAYS)) {
  describe(way, () => {
    test('a get behind a save that finds another session sees what was merged', async () => {
      const store = open(OPTIONS)
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      one.one = 1
      await store.set(sid, one)
      other.other = 1
      const saved = store.set(sid, other)
      assert.deepEqual(await stored(store, sid), { n: 0, one: 1, other: 1 })
      await saved
    })

    test('what is no object cannot be merged', async () => {
      const store = open(OPTIONS)
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      for (const session of ['[1]', '"text"', '5']) {
        const object = await loaded(store, sid)
        const { session: before } = await rows.findOne({ _id: sid })
        await rows.updateOne({ _id: sid }, { $set: { session } })
        object.n = session
        await assert.rejects(store.set(sid, object), { name: 'SessionConflictError' })
        await rows.updateOne({ _id: sid }, { $set: { session: before } })
      }
    })

    test('a field that fails leaves no encryption behind', async () => {
      if (way.startsWith('legacy')) return
      const unhandled = []
      const listener = reason => unhandled.push(reason)
      process.on('unhandledRejection', listener)
      const cryptoAdapter = { encrypt: async () => { throw new Error('no key today') }, decrypt: async text => text }
      const fields = { user: () => { throw new Error('no user') } }
      for (const conflicts of ['overwrite', 'merge']) {
        const store = open({ ...OPTIONS, conflicts, cryptoAdapter, fields })
        const sid = nextSid()
        await assert.rejects(store.set(sid, fresh(store, sid, { n: 0 })), /no user/)
      }
      await sleep(10)
      process.off('unhandledRejection', listener)
      assert.deepEqual(unhandled, [])
    })
  })
}

describe('an object knows what a save of unknown outcome has stored', () => {
  const { host } = new URL(collection.url)
  const OPENERS = {
    'by URL': mongoUrl => ({ mongoUrl }),
    'on a client': mongoUrl => ({ client: new MongoClient(mongoUrl) })
  }
  for (const [way, connection] of Object.entries(OPENERS)) {
    for (const conflicts of ['reject', 'merge']) {
      test(`${way}: ${conflicts}`, async t => {
        const proxy = await Proxy.start(host.split(':')[1])
        const mongoUrl = collection.url.replace(host, proxy.host)
        const options = { ...OPTIONS, collectionName: 'late-saves', conflicts, operationTimeoutMS: 2000 }
        const store = collection.keep(MongoStore.create({ ...connection(mongoUrl), ...options }))
        t.after(() => proxy.stop())
        const sid = nextSid()
        await store.set(sid, fresh(store, sid, { list: ['a'] }))
        const object = await loaded(store, sid)
        object.list.push('b')
        // The update arrives, and its reply does not.
        proxy.weather = (chunk, write, { isReply }) => isReply || write(chunk)
        await assert.rejects(store.set(sid, object), /outcome unknown/)
        proxy.weather = null
        proxy.cut()
        assert.deepEqual(JSON.parse((await rows.findOne({ _id: sid })).session).list, ['a', 'b'])
        object.list.push('c')
        await store.set(sid, object)
        assert.deepEqual(await stored(store, sid), { list: ['a', 'b', 'c'] })

        object.busy = true
        proxy.weather = (chunk, write, { isReply }) => isReply || write(chunk)
        await assert.rejects(store.set(sid, object), /outcome unknown/)
        proxy.weather = null
        proxy.cut()
        delete object.busy
        await store.set(sid, object) // the object is as it was loaded, and the row is not
        assert.deepEqual(await stored(store, sid), { list: ['a', 'b', 'c'] })
        assert.equal((await store.stats()).conflicts, 0)
      })
    }
  }
})

test('what was stored again as it was is tried again, a few times', async () => {
  const documents = { bare: value => value }
  const store = { codec: { seal: value => value }, counts: {}, documents, fields: { of: () => undefined } }
  const history = { isNew: false, stored: 'A', base: 'A', current: 'A', saving: null, unknown: [], ended: () => {} }
  const save = new Save(store, { history, sid: 'secret-id', prepared: 'B', dates: { expires: null } })
  const first = save.begin()
  const row = { value: 'A', expires: undefined }
  const again = await save.conflict(row)
  assert.deepEqual([again.value, again.expected], [first.value, first.expected])
  assert.notEqual(await save.conflict(row), null)
  assert.equal(await save.conflict(row), null)
  assert.throws(() => save.failed(new Error('given up')), { name: 'SessionConflictError' })
})

describe('the row that a save has missed is read as it is now', () => {
  const majority = { readConcern: { level: 'majority' } }
  /** Its own: a database is profiled as a whole. */
  const dbName = 'connect-mongo-test-latest'
  const ways = {
    'by the core': () => ({ mongoOptions: majority }),
    'on a client': () => ({ mongoUrl: undefined, client: new MongoClient(collection.url, majority) })
  }
  for (const [way, options] of Object.entries(ways)) {
    test(`${way}, whatever the read concern`, async t => {
      const client = new MongoClient(collection.url)
      t.after(() => client.close())
      const db = client.db(dbName)
      const store = collection.modern({ ...options(), ...OPTIONS, dbName })
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      await store.set(sid, Object.assign(one, { n: 1 }))
      await db.command({ profile: 2, filter: { 'command.filter._id': sid } })
      await store.set(sid, Object.assign(other, { m: 1 }))
      await db.command({ profile: 0 })
      const finds = await db.collection('system.profile').find({ 'command.filter._id': sid }).toArray()
      assert.deepEqual(finds.map(({ command }) => command.readConcern.level), ['local'])
      assert.deepEqual(await stored(store, sid), { n: 1, m: 1 })
      await db.dropDatabase()
    })
  }
})

test('what overwrites whatever the option says is told of once', async () => {
  const warnings = await warningsOf(async () => {
    for (const open of Object.values(WAYS)) {
      for (const n of [1, 2]) await open(OPTIONS).set(nextSid(), { cookie: { expires: null }, n })
    }
  })
  assert.deepEqual(warnings.map(({ code }) => code), ['CONNECT_MONGO_UNCONDITIONAL_SET'])
})
