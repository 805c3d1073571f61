'use strict'

// Fields beside the session: what is stored with it in clear text, in every form of storage.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient, ObjectId } = require('mongodb')

const { createKrupteinAdapter } = require('../..').MongoStore
const SessionStore = require('../../session-mongoose')(session)
const { fresh, loaded } = require('../helpers/conflicts')
const { within } = require('../helpers/rows')
const { DATABASE, makeSession, MongoStore, testUrl, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const { backends, legacy, modern, rows, url } = useCollection('fields')
const client = new MongoClient(url)
after(() => client.close())

const fields = { userId: session => session.user?.id, device: ({ device }) => device }

const encrypted = way => way.startsWith('legacy')
  ? { secret: 'secret' }
  : { cryptoAdapter: createKrupteinAdapter({ secret: 'secret' }) }

/** How sessions are stored. */
const FORMS = {
  JSON: () => ({}),
  documents: () => ({ stringify: false }),
  'a maximal lifetime': () => ({ maxLifetime: 3600 }),
  hooks: () => ({ serialize: data => ({ kept: { ...data } }), unserialize: ({ kept }) => kept }),
  encryption: encrypted,
  'encrypted documents': way => ({ ...encrypted(way), stringify: false })
}

const WAYS = {
  ...backends,
  'modern, dialled by the driver': options => modern({ backend: 'driver', ...options }),
  'legacy, dialled by the driver': options => legacy({ backend: 'driver', ...options })
}

let sids = 0
const nextSid = () => `fields-${++sids}`

/** What stands beside a session. */
async function beside (_id) {
  const { session, expires, lastModified, createdAt, ...rest } = await rows.findOne({ _id })
  assert.deepEqual([typeof session, expires instanceof Date].includes('undefined'), false)
  delete rest._id
  return rest
}

for (const [way, open] of Object.entries(WAYS)) {
  for (const [form, optionsOf] of Object.entries(FORMS)) {
    for (const conflicts of ['overwrite', 'merge']) {
      const store = options => open({ autoRemove: 'disabled', fields, conflicts, ...optionsOf(way), ...options })

      describe(`${way}, ${form}, conflicts: ${conflicts}`, () => {
        test('a save writes and unsets them, a touch does not change them', async () => {
          const mine = store()
          const sid = nextSid()
          const object = fresh(mine, sid, { user: { id: '$ü' }, device: 5 })
          await mine.set(sid, object)
          assert.deepEqual(await beside(sid), { userId: '$ü', device: 5 })
          object.device = null
          await mine.touch(sid, object)
          assert.deepEqual(await beside(sid), { userId: '$ü', device: 5 })
          await mine.set(sid, object)
          assert.deepEqual(await beside(sid), { userId: '$ü' })
          delete object.user
          object.device = true
          await mine.set(sid, object)
          assert.deepEqual(await beside(sid), { device: true })
          assert.equal((await mine.get(sid)).device, true)
        })
      })
    }

    test(`${way}, ${form}: fields follow the merged session`, async () => {
      const store = open({ autoRemove: 'disabled', conflicts: 'merge', fields, ...optionsOf(way) })
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { device: 'd' }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      one.user = { id: 'u' }
      delete other.device
      await Promise.all([store.set(sid, one), store.set(sid, other)])
      assert.deepEqual(await beside(sid), { userId: 'u' })
      one.device = 'again'
      await store.set(sid, one)
      other.n = 1 // it has neither user nor device, which others have stored
      await store.set(sid, other)
      assert.deepEqual(await beside(sid), { userId: 'u', device: 'again' })
    })
  }

  describe(way, () => {
    /** One that no other store of these tests is on, and the options for it. */
    function ownCollection (name) {
      const options = way.startsWith('legacy') ? { collection: name } : { collectionName: name }
      return { rows: client.db(DATABASE).collection(name), options }
    }

    test('the functions and the hook before them change nothing of what is stored', async () => {
      const sorted = { fields: { roles: ({ roles }) => roles?.sort().join() } }
      const opened = { fields, unserialize: data => Object.assign(data, { card: 'read' }) }
      for (const [conflicts, more] of [['overwrite', sorted], ['merge', sorted], ['overwrite', opened], ['merge', opened]]) {
        const store = open({ autoRemove: 'disabled', stringify: false, conflicts, ...more })
        const sid = nextSid()
        const object = fresh(store, sid, { roles: ['b', 'a'], card: 'stored' })
        for (const n of [1, 2]) await store.set(sid, Object.assign(object, { n }))
        const row = await rows.findOne({ _id: sid })
        assert.deepEqual([row.session.roles, row.session.card, row.session.n], [['b', 'a'], 'stored', 2])
        await store.backfill()
        assert.equal((await rows.findOne({ _id: sid })).session.card, 'stored')
        await rows.deleteMany({})
      }
    })

    test('every type that an index can find, each found again by its value', async () => {
      const values = ['', 'text', 5, 5.5, 2 ** 40, true, false, new Date(7), new ObjectId(), Buffer.from('bytes')]
      await rows.deleteMany({})
      const store = open({ autoRemove: 'disabled', stringify: false, fields: { value: ({ value }) => value } })
      const made = values.map(value => ({ value, sid: nextSid() }))
      await Promise.all(made.map(({ sid, value }) => store.set(sid, makeSession({ value }))))
      for (const { sid, value } of made) {
        const stored = (await rows.findOne({ _id: sid })).value
        assert.deepEqual(stored?._bsontype === 'Binary' ? stored.buffer : stored, value)
        assert.deepEqual(await store.idsWhere({ value }), [sid], String(value))
        assert.equal(await store.countWhere({ value }), 1)
      }
      assert.equal(await store.destroyWhere({ value: values[8] }), 1)
    })

    test('the functions get the session as it will be loaded', async () => {
      const id = new ObjectId()
      const seen = []
      const userId = session => {
        seen.push(session)
        return session.userId
      }
      const store = open({ autoRemove: 'disabled', fields: { userId } })
      const sid = nextSid()
      await store.set(sid, makeSession({ userId: id, at: new Date(5) }))
      assert.deepEqual(await beside(sid), { userId: String(id) }, 'as JSON has it')
      await store.set(sid, await store.get(sid))
      assert.deepEqual(await beside(sid), { userId: String(id) })
      assert.deepEqual(seen[0].at, '1970-01-01T00:00:00.005Z')
      assert.deepEqual(seen[0], seen[1])
    })

    test('what is no single value is an error that names the field, and never shows the value', async () => {
      const values = [['secret'], { secret: 1 }, NaN, 'secret'.repeat(200), Promise.resolve('secret'), () => {}, new Date(NaN)]
      const store = open({ autoRemove: 'disabled', fields: { value: () => values[0] } })
      while (values.length > 0) {
        const error = await store.set('a', makeSession()).then(() => assert.fail(String(values[0])), error => error)
        assert.match(error.message, /^fields\.value must return nothing or /)
        assert.ok(['TypeError', 'RangeError'].includes(error.name))
        assert.doesNotMatch(error.message, /secret/)
        values.shift()
      }
    })

    test('a function that throws fails the save', async () => {
      const failure = new Error('no user')
      const store = open({ autoRemove: 'disabled', fields: { userId: () => { throw failure } } })
      await assert.rejects(store.set('a', makeSession()), error => error === failure)
      await store.touch('a', makeSession()).catch(() => {})
      await store.destroy('a')
    })

    test('each is indexed, whatever autoRemove says', async () => {
      for (const autoRemove of ['disabled', 'interval', 'native']) {
        const own = ownCollection(`fields ${way} ${autoRemove}`)
        await own.rows.drop().catch(() => {})
        const store = open({ ...own.options, autoRemove, fields })
        await store.set('a', makeSession({ user: { id: 1 } }))
        const names = async () => (await own.rows.indexes().catch(() => [])).map(({ name }) => name).sort()
        const wanted = ['_id_', 'device_1', ...autoRemove === 'native' ? ['expires_1'] : [], 'userId_1']
        await within(10_000, async () => (await names()).length === wanted.length)
        assert.deepEqual(await names(), wanted)
        await store.close()
        await own.rows.drop()
      }
    })

    test('an index that is in the way is warned of with what to do, and one that serves is not', async () => {
      const name = `fields ${way}` // a process warns once of the same
      const { rows: others, options } = ownCollection(name)
      const warned = []
      await others.drop().catch(() => {})
      await others.createIndex({ device: 1 }, { name: 'mine' })
      await others.createIndex({ other: 1 }, { name: 'userId_1' })
      warned.push(...await warningsOf(async () => {
        const store = open({ ...options, autoRemove: 'disabled', fields })
        await store.set('a', makeSession({ user: { id: 1 } }))
        await sleep(300)
        await store.close()
      }))
      const mine = warned.filter(({ code }) => code === 'CONNECT_MONGO_INDEX').map(({ message }) => message)
      assert.deepEqual(mine, [`${name}: the name userId_1 is that of another index, on { other: 1 }. Remedy: create ` +
        `the store's under another name, once: db.getCollection('${name}')` +
        ".createIndex({ userId: 1 }, { name: 'sessions_userId_1' })"])
      await others.createIndex({ userId: 1 }, { name: 'sessions_userId_1' })
      assert.deepEqual((await others.indexes()).map(({ name }) => name), ['_id_', 'mine', 'userId_1', 'sessions_userId_1'])
      await others.drop()
    })
  })
}

describe('the option', () => {
  const wrong = [
    ...['_id', 'session', 'expires', 'lastModified', 'createdAt', 'updatedAt'].map(name => [{ [name]: () => 1 }, name]),
    [{ 'a.b': () => 1 }, 'dot'], [{ $a: () => 1 }, 'dot'], [{ '': () => 1 }, 'empty'],
    [JSON.parse('{"__proto__":1}'), 'name'],
    [{ a: 'b' }, 'fields.a must be a function: got a string'], [['a'], 'object of functions'], ['a', 'object of functions']
  ]
  for (const [given, message] of wrong) {
    test(`refuses ${JSON.stringify(Object.keys(given))} ${typeof given}`, () => {
      for (const open of [modern, legacy]) {
        assert.throws(() => open({ fields: given }), ({ name, message: text }) => name === 'TypeError' && text.includes(message))
      }
    })
  }

  test('is none of session-mongoose, which says so', () => {
    assert.throws(() => new SessionStore({ url, fields }), /session-mongoose has no fields, an option of connect-mongo's rows/)
  })

  test('null and {} declare none', async () => {
    for (const none of [null, {}, undefined]) {
      const store = modern({ fields: none, autoRemove: 'disabled' })
      await store.set('none', makeSession({ user: { id: 1 } }))
      assert.deepEqual(await beside('none'), {})
      await assert.rejects(store.countWhere({ userId: 1 }), { name: 'TypeError', message: 'the option fields declares no userId' })
    }
  })
})

describe('what is sent', () => {
  const database = 'connect-mongo-test-fields'
  const there = testUrl().replace(/\/[^/]*$/, `/${database}`)

  /** The updates that reach the server while `use(store)` runs. */
  async function updatesOf (options, use) {
    const client = new MongoClient(there)
    const db = client.db(database)
    await db.dropDatabase()
    const store = MongoStore.create({ mongoUrl: there, autoRemove: 'disabled', ...options })
    await store.ping()
    await db.command({ profile: 2 })
    await use(store)
    await db.command({ profile: 0 })
    await store.close()
    const updates = await db.collection('system.profile').find({ op: 'update' }).sort({ ts: 1 }).toArray()
    await db.dropDatabase()
    await client.close()
    return updates.map(({ command }) => command)
  }

  for (const backend of ['native', 'driver']) {
    test(`${backend}: without the option as before, with it $set and $unset`, async () => {
      const expires = new Date(4_000_000_000_000)
      const cookie = { expires, originalMaxAge: 5 }
      const use = store => store.set('a', { cookie, user: { id: 'u' } })
      const text = JSON.stringify({ cookie, user: { id: 'u' } })
      const plain = { q: { _id: 'a' }, u: { $set: { session: text, expires } }, multi: false, upsert: true }
      assert.deepEqual(await updatesOf({ backend }, use), [plain])
      const [{ u, ...rest }] = await updatesOf({ backend, fields }, use)
      assert.deepEqual(rest, { q: { _id: 'a' }, multi: false, upsert: true })
      assert.deepEqual(u, { $set: { session: text, expires, userId: 'u' }, $unset: { device: true } })
      const touches = await updatesOf({ backend, fields }, store => store.touch('a', { cookie }).catch(() => {}))
      assert.deepEqual(touches.map(({ u }) => u), [{ $set: { expires } }])
    })
  }
})
