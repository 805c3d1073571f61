'use strict'

// Stores on connections of every driver that connect-mongo's apps have had.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')

const { startStandalone } = require('../helpers/mongod')
const { connectionsOf, requirePeer } = require('../helpers/peers')
const { gone, ttlIndex, within } = require('../helpers/rows')
const { DATABASE, LegacyStore, makeSession, MongoStore } = require('../helpers/stores')

const DRIVERS = {
  'mongodb-2.0': { old: true },
  'mongodb-2': { old: true },
  'mongodb-3': { options: { useUnifiedTopology: true, useNewUrlParser: true } },
  'mongodb-4': {},
  'mongodb-5': {},
  'mongodb-6': {},
  mongodb: {}
}

describe('drivers', () => {
  const servers = {}
  before(async () => {
    [servers.old, servers.new] = await Promise.all([startStandalone({ old: true }), startStandalone()])
  })
  after(() => Promise.all([servers.old?.stop(), servers.new?.stop()]))

  for (const [name, { old = false, options }] of Object.entries(DRIVERS)) {
    const mongodb = name === 'mongodb' ? require('mongodb') : requirePeer(name)
    const url = () => `${servers[old ? 'old' : 'new'].uri}${DATABASE}`
    const connect = () => mongodb.MongoClient.connect(url(), options)
    /** A Db, of which driver 2's `connect` makes one itself. */
    const dbOf = connected => typeof connected.collection === 'function' ? connected : connected.db(DATABASE)

    describe(name, () => {
      const ways = {
        'legacy, db': async collection => new LegacyStore({ db: dbOf(await connect()), collection }),
        'legacy, dbPromise': collection => new LegacyStore({ dbPromise: connect().then(dbOf), collection }),
        'modern, clientPromise': collectionName =>
          MongoStore.create({ clientPromise: connect(), collectionName, dbName: DATABASE }),
        'modern, client': async collectionName =>
          MongoStore.create({ client: await connect(), collectionName, dbName: DATABASE }),
        ...(!old && {
          'modern, client not connected yet': collectionName => {
            const client = new mongodb.MongoClient(url(), options)
            client.connect().catch(() => {})
            return MongoStore.create({ client, collectionName, dbName: DATABASE })
          }
        }),
        ...(old && {
          'legacy, db not open yet': collection => {
            const { hostname, port } = new URL(servers.old.uri)
            const server = new mongodb.Server(hostname, Number(port))
            return new LegacyStore({ db: new mongodb.Db(DATABASE, server), collection })
          }
        })
      }

      for (const [way, open] of Object.entries(ways)) {
        test(`${way}: does all that a store does`, async () => {
          const collection = `${name} ${way}`
          const store = await open(collection)
          const events = []
          for (const event of ['create', 'update', 'destroy']) store.on(event, sid => events.push(`${event} ${sid}`))
          await store.clear()
          await Promise.all(['a', 'b', 'c'].map(id => store.set(id, makeSession({ id }))))
          await Promise.all(['a', 'b'].map(id => store.set(id, makeSession({ id: `${id}2` }))))
          const sessions = await Promise.all(['a', 'b', 'c', 'none'].map(id => store.get(id)))
          assert.deepEqual(sessions.map(session => session?.id), ['a2', 'b2', 'c', undefined])
          assert.deepEqual(events, ['create a', 'create b', 'create c', 'update a', 'update b'])

          const later = makeSession({}, 7200_000)
          await Promise.all([store.touch('a', later), store.touch('b', later)])
          assert.equal((await store.get('a')).cookie.expires, later.cookie.expires.toISOString())
          const touches = await Promise.allSettled(['a', 'x', 'c', 'y'].map(id => store.touch(id, later)))
          const missed = way.startsWith('modern') ? 'rejected' : 'fulfilled'
          assert.deepEqual(touches.map(({ status }) => status), ['fulfilled', missed, 'fulfilled', missed])

          await store.set('expired', makeSession({}, -1000))
          assert.equal(await store.length(), 4)
          assert.deepEqual(await store.ids(), ['a', 'b', 'c'])
          assert.deepEqual((await store.all()).map(({ id }) => id), ['a2', 'b2', 'c'])
          assert.equal(await store.sweep(), 1)
          await Promise.all([store.destroy('b'), store.destroy('c')])
          assert.equal(await store.length(), 1)
          assert.ok(await ttlIndex(store.collection ?? await store.collectionP))
          await store.clear()
          await store.ping()
          await store.close()
        })
      }

      const open = ways['legacy, db']

      test('128 gets are at most 8 finds, on no connection but the caller\'s', async () => {
        const store = await open(`${name} grouped`)
        await store.clear()
        await Promise.all(Array.from({ length: 128 }, (_, n) => store.set(`id-${n}`, makeSession({ n }))))
        const admin = store.db.admin()
        // Driver 2.0 asks in the way of before the `find` command. Both count as queries.
        const status = async () => (await admin.command({ serverStatus: 1 })).opcounters.query
        const [before, connections] = [await status(), await connectionsOf(admin)]
        const sessions = await Promise.all(Array.from({ length: 128 }, (_, n) => store.get(`id-${n}`)))
        assert.deepEqual(sessions.map(({ n }) => n), Array.from({ length: 128 }, (_, n) => n))
        const finds = await status() - before
        assert.ok(finds >= 1 && finds <= 8, `${finds} finds`)
        // The pool of the caller's own client may have grown, to what the windows need.
        assert.ok(await connectionsOf(admin) <= connections + 5)
        await store.close()
      })

      test('documents, in the classes of the driver', async () => {
        const store = await openDocuments(`${name} documents`)
        const id = new mongodb.ObjectId()
        const bytes = Buffer.from('é')
        const circular = makeSession()
        circular.self = circular
        const outcomes = await Promise.allSettled([
          store.set('typed', makeSession({ id, at: new Date(5), none: undefined, list: [1, 'a'], bytes })),
          store.set('circular', circular),
          store.set('nul', makeSession({ 'a\0b': 1 })),
          store.set('odd', makeSession({ odd: { _bsontype: 'Nonsense' } })),
          store.set('other', makeSession({ other: true }))
        ])
        const fates = outcomes.map(({ status }) => status)
        fates.splice(3, 1) // some majors store it in their own way
        assert.deepEqual(fates, ['fulfilled', 'rejected', 'rejected', 'fulfilled'])
        const session = await store.get('typed')
        assert.ok(session.id instanceof mongodb.ObjectId && session.id.equals(id))
        assert.deepEqual([session.at, session.none, session.list], [new Date(5), null, [1, 'a']])
        assert.equal(Buffer.from(session.bytes.buffer).subarray(0, 2).toString(), 'é')
        await store.close()
      })

      test('ids of all types, and pages of them', async () => {
        const bytes = Buffer.from([1, 2])
        const made = { number: 42, bigint: 43n, id: new mongodb.ObjectId(), bytes, date: new Date(7) }
        const store = new LegacyStore({
          db: dbOf(await connect()), collection: `${name} ids`, autoRemove: 'disabled', transformId: name => made[name] ?? name
        })
        await store.clear()
        const names = [...Object.keys(made), ...Array.from({ length: 1200 }, (_, n) => `id-${n}`)]
        await Promise.all(names.map(name => store.set(name, makeSession({ name }))))
        assert.deepEqual((await Promise.all(names.map(name => store.get(name)))).map(session => session.name), names)
        assert.equal((await store.all()).length, names.length)
        assert.equal((await store.ids()).length, names.length)
        await Promise.all(names.map(name => store.destroy(name)))
        assert.equal(await store.length(), 0)
        await store.close()
      })

      test('interval removal', async () => {
        const store = new LegacyStore({
          db: dbOf(await connect()), collection: `${name} interval`, autoRemove: 'interval', autoRemoveInterval: 0.005
        })
        await store.set('expired', makeSession({}, -1000))
        assert.ok(await gone(store.collection, 'expired', 5000))
        await within(1000, async () => (await store.stats()).swept > 0)
        assert.equal((await store.stats()).swept, 1)
        await store.close()
      })

      test('a duplicate key, or any error of one statement, is that of its own operation', async () => {
        const db = dbOf(await connect())
        const collection = `${name} unique`
        await db.collection(collection).deleteMany({})
        await db.collection(collection).createIndex({ 'session.only': 1 }, { unique: true, sparse: true })
        const store = new LegacyStore({ db, collection, stringify: false })
        await store.set('first', makeSession({ only: 1 }))
        const sets = [['a', {}], ['second', { only: 1 }], ['b', {}]].map(([id, data]) => store.set(id, makeSession(data)))
        const outcomes = await Promise.allSettled(sets)
        assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
        assert.equal(outcomes[1].reason.code, 11000)
        await store.close()
      })

      async function openDocuments (collection) {
        return new LegacyStore({ db: dbOf(await connect()), collection, stringify: false })
      }
    })
  }
})
