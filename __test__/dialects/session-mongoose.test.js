'use strict'

// session-mongoose 0.5: rows, callback values, liveness, sweeper, ttl. On both backends.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient, ObjectId } = require('mongodb')

const MongoStore = require('../..')
const sessionMongoose = require('../../session-mongoose')
const { gone, within } = require('../helpers/rows')
const { callback, DATABASE, makeSession, testUrl } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const url = testUrl()
const client = new MongoClient(url)
const stores = []
const SessionStore = sessionMongoose(session)

function index (rows, name) {
  return within(10_000, async () => (await rows.indexes().catch(() => [])).find(index => index.name === name))
}

after(async () => {
  await Promise.all(stores.map(store => store.close()))
  await client.close()
})

for (const backend of ['native', 'driver']) {
  describe(`on the ${backend} backend`, () => {
    /** A collection of a test's own, empty, and stores on it. */
    const fresh = async name => {
      const rows = client.db(DATABASE).collection(`session_mongoose_${backend}_${name}`)
      await rows.drop().catch(() => {})
      const open = options => {
        const store = new SessionStore({ url, backend, collection: rows.collectionName, ...options })
        stores.push(store)
        return store
      }
      return { rows, open }
    }

    describe('what methods call back with', () => {
      let store, rows
      before(async () => {
        const own = await fresh('answers')
        rows = own.rows
        store = own.open({ sweeper: false })
      })

      test('get: the data, or null alone', async () => {
        assert.deepEqual(await callback(store, 'get', 'nobody'), [null])
        await store.set('somebody', makeSession({ n: 1 }))
        const [error, data] = await callback(store, 'get', 'somebody')
        assert.equal(error, null)
        assert.equal(data.n, 1)
      })

      test('set: 1', async () => {
        assert.deepEqual(await callback(store, 'set', 'one', makeSession()), [null, 1])
        assert.deepEqual(await callback(store, 'set', 'one', makeSession()), [null, 1])
      })

      test('destroy, and set of nothing: how many rows were removed, however many are destroyed at once', async () => {
        const sids = Array.from({ length: 40 }, (_, n) => `destroyed${n}`)
        await Promise.all(sids.filter((_, n) => n % 2).map(sid => store.set(sid, makeSession())))
        const answers = await Promise.all(sids.map(sid => callback(store, 'destroy', sid)))
        assert.deepEqual(answers, sids.map((_, n) => [null, n % 2]))
        await store.set('emptied', makeSession())
        assert.deepEqual(await callback(store, 'set', 'emptied', null), [null, 1])
        assert.deepEqual(await callback(store, 'set', 'emptied', undefined), [null, 0])
        assert.equal(await rows.countDocuments({ sid: 'emptied' }), 0)
      })

      test('touch: null alone, also when the session is gone', async () => {
        assert.deepEqual(await callback(store, 'touch', 'nobody', makeSession()), [null])
        assert.equal(await rows.countDocuments({ sid: 'nobody' }), 0)
      })

      test('clear, length and all', async () => {
        assert.equal((await callback(store, 'clear'))[0], null)
        assert.deepEqual(await callback(store, 'length'), [null, 0])
        await Promise.all([store.set('a', makeSession()), store.set('b', makeSession({}, null))])
        await rows.insertOne({ sid: 'expired', data: {}, expires: new Date(Date.now() - 1000) })
        const [error, sids] = await callback(store, 'all')
        assert.equal(error, null)
        assert.deepEqual(sids.sort(), ['a', 'b'])
        assert.deepEqual(await callback(store, 'length'), [null, 3])
      })

      test('all goes on over many pages', async () => {
        await store.clear()
        const sids = Array.from({ length: 6001 }, (_, n) => `s${n}`)
        await rows.insertMany(sids.map(sid => ({ sid, data: {}, expires: null })))
        assert.deepEqual((await store.all()).sort(), sids.sort())
        const entries = []
        for await (const { id } of store.entries()) entries.push(id)
        assert.deepEqual(entries.sort(), sids)
      })

      test('clear where there is no collection', async () => {
        const { open } = await fresh('clear')
        assert.equal((await callback(open({ sweeper: false }), 'clear'))[0], null)
      })
    })

    describe('rows', () => {
      let store, rows
      before(async () => {
        const own = await fresh('rows')
        rows = own.rows
        store = own.open({ sweeper: false })
      })

      test('have the fields of session-mongoose', async () => {
        const at = new Date(Date.now() + 5000)
        await store.set('fields', { cookie: { expires: at, originalMaxAge: 5000 }, user: 'u', at, f () {} })
        const row = await rows.findOne({ sid: 'fields' })
        assert.deepEqual(Object.keys(row).sort(), ['_id', 'data', 'expires', 'sid'])
        assert.ok(row._id instanceof ObjectId)
        assert.deepEqual(row.expires, at)
        assert.deepEqual(row.data, { cookie: { expires: at, originalMaxAge: 5000 }, user: 'u', at })
      })

      test('expire with the cookie, by its age, or never', async () => {
        const expires = async cookie => {
          await store.set('expiring', { cookie })
          return (await rows.findOne({ sid: 'expiring' })).expires
        }
        const before = Date.now()
        const byAge = await expires({ maxAge: 60_000 })
        assert.ok(byAge >= before + 60_000 && byAge <= Date.now() + 60_000)
        assert.equal(await expires({}), null)
        assert.equal(await expires(undefined), null)
        assert.ok(await expires({ maxAge: -1000 }) < new Date())
        assert.equal(await expires({ expires: null, maxAge: null }), null)
        const at = new Date(Date.now() + 1000)
        assert.deepEqual(await expires({ expires: at.toISOString() }), at)
      })

      test('a session that never expires is found, also behind its own set and between two', async () => {
        const first = store.set('never', makeSession({ n: 1 }))
        const second = store.set('never', makeSession({ n: 2 }, null))
        assert.equal((await store.get('never')).n, 2)
        await Promise.all([first, second])
        assert.equal((await rows.findOne({ sid: 'never' })).expires, null)
      })

      test('of every version are read', async () => {
        const later = new Date(Date.now() + 60_000)
        await rows.insertMany([
          { sid: 'v0.0.1', data: '{"n":1}', expires: later },
          { sid: 'v0.0.3', data: { n: 1 }, expires: later },
          { sid: 'v0.2', data: { n: 1 }, expires: null },
          { sid: 'v0.3', data: { n: 1 } },
          { sid: 'mongoose', data: { n: 1 }, expires: later, __v: 0 },
          { sid: 'ttl', data: { n: 1 }, usedAt: new Date() },
          { sid: 'broken', data: '{', expires: later },
          { sid: 'expired', data: { n: 1 }, expires: new Date(Date.now() - 10) }
        ])
        for (const sid of ['v0.0.1', 'v0.0.3', 'v0.2', 'v0.3', 'mongoose', 'ttl']) {
          assert.equal((await store.get(sid))?.n, 1, sid)
        }
        assert.deepEqual(await callback(store, 'get', 'expired'), [null])
        assert.ok((await callback(store, 'get', 'broken'))[0] instanceof SyntaxError)
      })

      test('a cookie as session-mongoose stored it makes a session of express-session', async () => {
        const at = new Date(Date.now() + 60_000)
        const cookie = {
          path: '/', _expires: at, originalMaxAge: 60_000, httpOnly: true, expires: at, maxAge: 59_999,
          data: { originalMaxAge: 60_000, expires: at, secure: null, httpOnly: true, domain: null, path: '/' }
        }
        await rows.insertOne({ sid: 'cookie', data: { cookie, user: 'u' }, expires: at })
        await sleep(5)
        const revived = store.createSession({}, await store.get('cookie'))
        const { expires, originalMaxAge, httpOnly } = revived.cookie.toJSON()
        assert.deepEqual({ expires, originalMaxAge, httpOnly }, { expires: at, originalMaxAge: 60_000, httpOnly: true })
        assert.equal(revived.user, 'u')
        await store.set('cookie', revived)
        assert.deepEqual((await rows.findOne({ sid: 'cookie' })).data.cookie.expires, at)
      })

      test('a touch moves the expiration', async () => {
        await store.set('touched', makeSession())
        const session = makeSession({}, 3_600_000)
        await store.touch('touched', session)
        assert.deepEqual((await rows.findOne({ sid: 'touched' })).expires, session.cookie.expires)
        assert.deepEqual((await store.get('touched')).cookie.expires, session.cookie.expires)
      })

      test('a number is a sid like its digits; an object is none', async () => {
        await store.set(42, makeSession({ n: 42 }))
        assert.equal((await store.get('42')).n, 42)
        await assert.rejects(store.get({ $ne: null }), TypeError)
      })

      test('have the indexes of session-mongoose', async () => {
        assert.ok((await index(rows, 'sid_1')).unique)
        assert.equal((await index(rows, 'expires_1')).expireAfterSeconds, undefined)
        assert.deepEqual((await index(rows, 'sid_1_expires_1')).key, { sid: 1, expires: 1 })
      })
    })

    describe('the sweeper', () => {
      const expired = { sid: 'old', data: {}, expires: new Date(1000) }

      test('removes what has expired within two intervals, and counts', async () => {
        const { rows, open } = await fresh('sweeper')
        await rows.insertMany([expired, { sid: 'new', data: {}, expires: null }])
        const store = open({ interval: 1000 })
        const { _id } = await rows.findOne({ sid: 'old' })
        assert.equal(store.sweeps, 0)
        assert.ok(await gone(rows, _id, 2000))
        assert.ok(await within(1000, () => store.sweeps >= 1))
        assert.equal(await rows.countDocuments(), 1)
        const { sweeps, swept } = await store.stats()
        assert.ok(sweeps >= 1)
        assert.equal(swept, 1)
      })

      test('stays away when told to', async () => {
        const { rows, open } = await fresh('no_sweeper')
        await rows.insertOne({ ...expired })
        const store = open({ sweeper: false, interval: 20 })
        await store.ping()
        await sleep(500)
        assert.equal(await rows.countDocuments(), 1)
        assert.equal(store.sweeps, 0)
      })

      test('an interval beyond the reach of setInterval does not sweep all the time', async () => {
        const { open } = await fresh('long_interval')
        const store = open({ interval: 31_536_000_000 })
        await store.ping()
        await sleep(300)
        assert.equal(store.sweeps, 0)
      })
    })

    describe('ttl', () => {
      test('keeps usedAt, with a TTL index, and no sweeper', async () => {
        const { rows, open } = await fresh('ttl')
        const store = open({ ttl: 3600, interval: 20 })
        await store.set('used', makeSession({ n: 1 }, -1000))
        const row = await rows.findOne({ sid: 'used' })
        assert.deepEqual(Object.keys(row).sort(), ['_id', 'data', 'sid', 'usedAt'])
        assert.ok(Math.abs(row.usedAt - Date.now()) < 5000)
        assert.equal((await store.get('used')).n, 1, 'the cookie does not decide')
        assert.equal((await index(rows, 'usedAt_1')).expireAfterSeconds, 3600)
        assert.ok((await index(rows, 'sid_1')).unique)
        await sleep(20)
        await store.touch('used', makeSession())
        assert.ok((await rows.findOne({ sid: 'used' })).usedAt > row.usedAt)
        assert.deepEqual(await store.all(), ['used'])
        assert.equal(store.sweeps, 0)
      })

      test('over rows of the other kind: they go by their own date, and join when written', async () => {
        const { rows, open } = await fresh('ttl_over')
        const later = new Date(Date.now() + 60_000)
        await rows.insertMany([
          { sid: 'live', data: { n: 1 }, expires: later },
          { sid: 'never', data: { n: 1 }, expires: null },
          { sid: 'both', data: { n: 1 }, expires: new Date(1000), usedAt: new Date() },
          { sid: 'expired', data: { n: 1 }, expires: new Date(1000) }
        ])
        const store = open({ ttl: 3600 })
        assert.deepEqual(await callback(store, 'get', 'expired'), [null])
        for (const sid of ['live', 'never', 'both']) assert.equal((await store.get(sid))?.n, 1, sid)
        assert.ok(await within(5000, async () => await rows.countDocuments({ sid: 'expired' }) === 0))
        await store.touch('live', makeSession())
        await store.set('never', makeSession())
        for (const sid of ['live', 'never']) {
          const row = await rows.findOne({ sid })
          assert.ok(row.usedAt instanceof Date)
          assert.ok(!('expires' in row))
        }
        assert.equal(await rows.countDocuments(), 3)
      })

      test('switched off again: the row is out of the TTL index from its next write on', async () => {
        const { rows, open } = await fresh('ttl_off')
        await open({ ttl: 3600 }).set('back', makeSession())
        const store = open({ sweeper: false })
        assert.ok(await store.get('back'))
        await store.touch('back', makeSession())
        assert.deepEqual(Object.keys(await rows.findOne({ sid: 'back' })).sort(), ['_id', 'data', 'expires', 'sid'])
      })

      test('another ttl than the index has is one warning, with the remedy', async () => {
        const { rows, open } = await fresh('ttl_changed')
        await rows.createIndex({ usedAt: 1 }, { expireAfterSeconds: 60 })
        const warnings = await warningsOf(async () => {
          const store = open({ ttl: 3600 })
          await store.set('a', makeSession())
          await sleep(500)
        })
        assert.equal(warnings.length, 1)
        assert.match(warnings[0].message, /collMod.*session_mongoose_\w+_ttl_changed.*expireAfterSeconds: 3600/)
      })
    })

    test('the collection of connect-mongo is named as such', async () => {
      const { rows, open } = await fresh('collision')
      await rows.createIndex({ expires: 1 }, { expireAfterSeconds: 0 })
      await rows.insertMany([{ _id: 'a', session: '{}' }, { _id: 'b', session: '{}' }])
      const warnings = await warningsOf(async () => {
        const store = open({ sweeper: false })
        await store.ping()
        assert.equal(await store.get('a'), undefined)
        await sleep(500)
      })
      assert.equal(warnings.length, 1)
      assert.equal(warnings[0].code, 'CONNECT_MONGO_INDEX')
      assert.match(warnings[0].message, /connect-mongo's.*require\('connect-mongo-native'\)\(session\)/)
    })

    test('a second store uses its own url', async () => {
      const { rows, open } = await fresh('urls')
      const other = client.db(`${DATABASE}-2`).collection(rows.collectionName)
      await other.drop().catch(() => {})
      const [first, second] = [open({}), open({ url: url.replace(DATABASE, other.dbName) })]
      await Promise.all([first.set('a', makeSession()), second.set('b', makeSession())])
      assert.equal(await other.countDocuments({ sid: 'b' }), 1)
      assert.equal(await rows.countDocuments(), 1)
      await client.db(other.dbName).dropDatabase()
    })
  })
}

test('the options of session-mongoose, and none that only connect-mongo has, make the main entry give its store', async () => {
  const rows = client.db(DATABASE).collection('session_mongoose_entry')
  await rows.drop().catch(() => {})
  const Store = MongoStore(session)
  const store = new Store({ url, interval: 1000, collection: rows.collectionName })
  stores.push(store)
  assert.deepEqual(await callback(store, 'set', 'a', makeSession()), [null, 1])
  assert.equal(await rows.countDocuments({ sid: 'a' }), 1)
})

test('the store is made for nothing too', () => {
  assert.ok(sessionMongoose().prototype instanceof session.Store)
  assert.throws(() => sessionMongoose(5), TypeError)
})
