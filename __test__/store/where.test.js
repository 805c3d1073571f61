'use strict'

// Sessions found, counted and destroyed by the fields beside them.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { createKrupteinAdapter } = require('../..').MongoStore
const { runScript } = require('../helpers/child')
const { fresh, loaded } = require('../helpers/conflicts')
const { within } = require('../helpers/rows')
const { callback, makeSession, MongoStore, testUrl, useCollection } = require('../helpers/stores')

const { backends, keep, legacy, modern, rows, url } = useCollection('where')

const fields = { userId: session => session.user, device: ({ device }) => device }

const WAYS = {
  ...backends,
  'modern, dialled by the driver': options => modern({ backend: 'driver', ...options }),
  'legacy, dialled by the driver': options => legacy({ backend: 'driver', ...options })
}

/** Rows of the acceptance, beside which those of one user are few. */
const ROWS = Number(process.env.ROWS ?? 20_000)
const USERS = ROWS / 20

for (const [way, open] of Object.entries(WAYS)) {
  const make = options => open({ autoRemove: 'disabled', fields, ...options })

  async function withSessions (options) {
    await rows.deleteMany({})
    const store = make(options)
    await Promise.all([
      store.set('a', makeSession({ user: 'u', device: 1 })), store.set('b', makeSession({ user: 'u', device: 2 })),
      store.set('c', makeSession({ user: 'v', device: 1 })), store.set('d', makeSession({})),
      store.set('expired', makeSession({ user: 'u', device: 1 }, -1000))
    ])
    return store
  }

  describe(way, () => {
    test('they count, find and list what has not expired', async () => {
      const store = await withSessions()
      assert.equal(await store.countWhere({ userId: 'u' }), 2)
      assert.equal(await store.countWhere({ userId: 'u', device: 2 }), 1)
      assert.equal(await store.countWhere({ userId: 'nobody' }), 0)
      assert.deepEqual((await store.idsWhere({ userId: 'u' })).sort(), ['a', 'b'])
      const entries = (await store.entriesWhere({ device: 1 })).sort((one, other) => one.id < other.id ? -1 : 1)
      const found = entries.map(({ id, session }) => [id, session.user, session.device])
      assert.deepEqual(found, [['a', 'u', 1], ['c', 'v', 1]])
      const { expires } = await rows.findOne({ _id: 'a' })
      assert.deepEqual([entries[0].expires, new Date(entries[0].session.cookie.expires)], [expires, expires])
    })

    test('destroyWhere ends them all, but for one, and expired ones too', async () => {
      const store = await withSessions()
      assert.equal(await store.destroyWhere({ userId: 'u' }, { except: 'b' }), 2)
      assert.deepEqual((await rows.distinct('_id')).sort(), ['b', 'c', 'd'])
      assert.equal(await store.destroyWhere({ userId: 'u' }, { except: 'there is none' }), 1)
      assert.equal(await store.destroyWhere({ userId: 'u' }), 0)
      assert.deepEqual((await rows.distinct('_id')).sort(), ['c', 'd'])
    })

    test('except passes transformId, and ids come as they are stored', async () => {
      const store = await withSessions({ transformId: Number })
      await Promise.all(['1', '2', '3'].map(sid => store.set(sid, makeSession({ user: 'n' }))))
      assert.deepEqual((await store.idsWhere({ userId: 'n' })).sort(), [1, 2, 3])
      assert.equal(await store.destroyWhere({ userId: 'n' }, { except: '2' }), 2)
      assert.deepEqual(await rows.distinct('_id', { userId: 'n' }), [2])
    })

    test('encrypted sessions are found by their clear fields', async () => {
      const encryption = way.startsWith('legacy')
        ? { secret: 's' }
        : { cryptoAdapter: createKrupteinAdapter({ secret: 's' }) }
      for (const conflicts of ['overwrite', 'merge']) {
        const store = await withSessions({ ...encryption, conflicts })
        assert.doesNotMatch((await rows.findOne({ _id: 'a' })).session, /"u"/)
        const [{ id, session }] = await store.entriesWhere({ userId: 'v' })
        assert.deepEqual([id, session.user], ['c', 'v'])
        assert.equal(await store.destroyWhere({ userId: 'u' }, { except: 'a' }), 2)
        assert.deepEqual(await store.idsWhere({ userId: 'u' }), ['a'])
      }
    })

    test('what was called before happens before, and what is called after happens after', async () => {
      const store = await withSessions()
      const outcomes = await Promise.all([
        store.set('new', makeSession({ user: 'u' })),
        store.countWhere({ userId: 'u' }),
        store.destroyWhere({ userId: 'u' }),
        store.get('a'),
        store.set('b', makeSession({ user: 'u', again: true })),
        store.set('later', makeSession({ user: 'u' })),
        store.get('b'),
        store.countWhere({ userId: 'u' }),
        store.destroyWhere({ userId: 'v' }),
        store.get('c'),
        store.set('c', makeSession({ user: 'u' })),
        store.idsWhere({ userId: 'u' })
      ])
      const missing = way.startsWith('modern') ? null : undefined
      assert.equal(outcomes[1], 3)
      assert.equal(outcomes[2], 4)
      assert.equal(outcomes[3], missing)
      assert.equal(outcomes[6].again, true)
      assert.equal(outcomes[7], 2)
      assert.equal(outcomes[8], 1)
      assert.equal(outcomes[9], missing)
      assert.deepEqual(outcomes[11].sort(), ['b', 'c', 'later'])
      assert.deepEqual((await rows.distinct('_id')).sort(), ['b', 'c', 'd', 'later'])
    })

    test('many at once, and of many sessions', async () => {
      const store = await withSessions()
      await Promise.all(Array.from({ length: 1000 }, (_, n) => store.set(`many-${n}`, makeSession({ user: n % 4 }))))
      const removed = await Promise.all([0, 1, 2].map(userId => store.destroyWhere({ userId })))
      assert.deepEqual(removed, [250, 250, 250])
      assert.equal(await store.countWhere({ userId: 3 }), 250)
      assert.equal(await rows.countDocuments({ _id: /^many/ }), 250)
    })

    test('with conflicts, a slow request undoes no logout everywhere', async () => {
      const store = make({ conflicts: 'merge' })
      await rows.deleteMany({})
      await store.set('slow', fresh(store, 'slow', { user: 'u' }))
      const object = await loaded(store, 'slow')
      await store.destroyWhere({ userId: 'u' })
      object.n = 1
      await store.set('slow', object)
      assert.equal(await rows.countDocuments({}), 0)
    })

    test('callbacks, in the way of the dialect', async () => {
      const store = await withSessions()
      assert.deepEqual(await callback(store, 'countWhere', { userId: 'u' }), [null, 2])
      assert.deepEqual((await callback(store, 'idsWhere', { userId: 'v' })), [null, ['c']])
      assert.equal((await callback(store, 'entriesWhere', { userId: 'v' }))[1][0].id, 'c')
      assert.deepEqual(await callback(store, 'destroyWhere', { userId: 'u' }, { except: 'a' }), [null, 2])
      assert.deepEqual(await callback(store, 'destroyWhere', { userId: 'u' }), [null, 1])
      const [error] = await callback(store, 'countWhere', {})
      assert.equal(error.name, 'TypeError')
    })

    test('what could find too much is refused, and nothing passes for an operator', async () => {
      const store = await withSessions()
      const wrong = [
        [{}, /must name a field/], [undefined, /must be an object: got undefined/], [null, /got null/],
        ['u', /got a string/],
        [{ userId: undefined }, /the filter's userId must have a value: got undefined/],
        [{ userId: null }, /must have a value: got null/],
        [{ userID: 'u' }, /declares no userID; did you mean userId\?/],
        [{ session: 'x' }, /declares no session/], [{ $or: [] }, /declares no \$or/],
        [{ userId: { $ne: 'x' } }, /got an object/],
        [{ userId: ['u'] }, /got an array/], [{ userId: /u/ }, /got an object/],
        [{ userId: 'u', device: undefined }, /device/]
      ]
      for (const method of ['countWhere', 'idsWhere', 'entriesWhere', 'destroyWhere']) {
        for (const [filter, message] of wrong) {
          await assert.rejects(store[method](filter), { name: 'TypeError', message })
        }
      }
      for (const [options, message] of [
        [{ except: undefined }, /except must be a session id: got undefined/], [{ except: null }, /except/],
        [{ exept: 'a' }, /knows no option exept; did you mean except\?/], ['a', /must be an object/],
        [{ except: { $ne: 1 } }, /a session id/]
      ]) {
        await assert.rejects(store.destroyWhere({ userId: 'u' }, options), { name: 'TypeError', message })
      }
      assert.equal(await rows.countDocuments({}), 5)
    })

    test('a closed store refuses them', async () => {
      const store = await withSessions()
      const destroyed = store.destroyWhere({ userId: 'u' })
      const closed = store.close()
      assert.equal(await destroyed, 3, 'what was called before the close is carried out')
      await closed
      for (const method of ['countWhere', 'idsWhere', 'entriesWhere', 'destroyWhere']) {
        await assert.rejects(store[method]({ userId: 'u' }), { name: 'MongoClientClosedError' })
      }
    })
  })
}

test('without the addon', async () => {
  const { code, stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const fields = { userId: ({ user }) => user }
    const options = { client: new MongoClient(url), collectionName: 'where-one-by-one', autoRemove: 'disabled', fields }
    const store = MongoStore.create(options)
    ;(async () => {
      await store.clear()
      const [,,, count, removed, , found] = await Promise.all([
        store.set('a', { cookie: {}, user: 1 }), store.set('b', { cookie: {}, user: 1 }),
        store.set('c', { cookie: {}, user: 2 }),
        store.countWhere({ userId: 1 }), store.destroyWhere({ userId: 1 }, { except: 'b' }),
        store.set('a', { cookie: {}, user: 1, n: 2 }), store.get('a')
      ])
      const [ids, entries] = await Promise.all([store.idsWhere({ userId: 1 }), store.entriesWhere({ userId: 2 })])
      console.log(JSON.stringify([count, removed, found.n, ids.sort(), entries[0].session.user]))
      console.log(JSON.stringify(await store.backfill()))
    })().finally(() => store.close())
  `, { env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere/there-is-no-addon.node' } })
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n').map(line => JSON.parse(line)), [
    [2, 1, 2, ['a', 'b'], 2], { sessions: 3, written: 3, gone: 0, unreadable: 0, changing: 0 }
  ])
})

describe(`${ROWS} sessions of ${USERS} users`, { timeout: 600_000 }, () => {
  const database = 'connect-mongo-test-where'
  const there = testUrl().replace(/\/[^/]*$/, `/${database}`)
  const client = new MongoClient(there)
  const db = client.db(database)
  const many = db.collection('sessions')
  const count = filter => many.countDocuments(filter)

  after(async () => {
    await db.dropDatabase()
    await client.close()
  })

  for (const backend of ['native', 'driver']) {
    test(`${backend}: destroyWhere ends exactly one user's, by the index`, async () => {
      await db.dropDatabase()
      const expires = new Date(Date.now() + 3600_000)
      for (let start = 0; start < ROWS; start += 10_000) {
        await many.insertMany(Array.from({ length: Math.min(10_000, ROWS - start) }, (_, n) => {
          const userId = (start + n) % USERS
          return { _id: `id-${start + n}`, session: JSON.stringify({ cookie: {}, user: userId }), expires, userId }
        }))
      }
      const options = { mongoUrl: there, autoRemove: 'disabled', backend }
      const store = keep(MongoStore.create({ ...options, fields: { userId: ({ user }) => user } }))
      await store.set('id-0', makeSession({ user: 0 }))
      const plan = async () => (await many.find({ userId: { $eq: 7 } }).explain()).queryPlanner.winningPlan
      const isByIndex = plan => /"stage":"IXSCAN"[^}]*"keyPattern":\{"userId":1\}/.test(JSON.stringify(plan))
      assert.ok(await within(300_000, async () => isByIndex(await plan())), JSON.stringify(await plan()))
      await db.command({ profile: 2 })
      const began = performance.now()
      assert.equal(await store.destroyWhere({ userId: 7 }), 20)
      const took = performance.now() - began
      await db.command({ profile: 0 })
      console.log(`destroyWhere of 20 among ${ROWS} sessions, ${backend}: ${took.toFixed(1)} ms`)
      assert.deepEqual([await count({}), await count({ userId: 7 })], [ROWS - 20, 0])
      const profile = db.collection('system.profile')
      const [find] = await profile.find({ op: 'query', 'command.find': 'sessions' }).toArray()
      assert.deepEqual([find.planSummary, find.docsExamined], ['IXSCAN { userId: 1 }', 20])
      const removes = await profile.find({ op: 'remove' }).toArray()
      assert.equal(removes.length, 20)
      for (const { command, ndeleted } of removes) {
        assert.deepEqual([command.q.userId, ndeleted], [{ $eq: 7 }, 1], 'the delete repeats the filter')
      }
      await store.close()
    })
  }
})

test('a row that another process has changed meanwhile is not destroyed, and not counted', async () => {
  const client = new MongoClient(url, { monitorCommands: true })
  const store = modern({ mongoUrl: undefined, client, autoRemove: 'disabled', fields })
  await rows.deleteMany({})
  await Promise.all(['a', 'b'].map(sid => store.set(sid, makeSession({ user: 'u' }))))
  const found = new Promise(resolve => {
    client.on('commandSucceeded', ({ commandName }) => commandName === 'find' && resolve())
  })
  const collection = await store.collectionP
  const { bulkWrite } = collection
  collection.bulkWrite = async (...args) => {
    await rows.updateOne({ _id: 'b' }, { $set: { userId: 'other' } })
    return bulkWrite.apply(collection, args)
  }
  const removed = store.destroyWhere({ userId: 'u' })
  const later = store.get('b')
  await found
  assert.equal(await removed, 1)
  assert.equal((await later).user, 'u', 'it is still there')
  assert.deepEqual(await rows.distinct('_id'), ['b'])
})
