'use strict'

// Stores on connections of the app's own, with the newest driver. The others are tested beside the peers.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const session = require('express-session')
const { MongoClient, ObjectId } = require('mongodb')

const SessionStore = require('../../session-mongoose')(session)
const { ttlIndex, within } = require('../helpers/rows')
const { startStandalone } = require('../helpers/mongod')
const { warningsOf } = require('../helpers/warnings')
const { DATABASE, LegacyStore, makeSession, MongoStore, useCollection } = require('../helpers/stores')

const { backends, keep, legacy, modern, rows, url } = useCollection('connections')

const borrowed = Object.fromEntries(Object.entries(backends).filter(([name]) => name.includes(' on ')))

const newClient = options => new MongoClient(url, options)

describe('a connection may be', () => {
  const ways = {
    'a client that is open': async () => modern({ mongoUrl: undefined, client: await newClient().connect() }),
    'a client that is not open yet': () => modern({ mongoUrl: undefined, client: newClient() }),
    'the promise of a client': () => modern({ mongoUrl: undefined, clientPromise: newClient().connect() }),
    'a client, legacy': () => legacy({ url: undefined, client: newClient() }),
    'a Db': () => legacy({ url: undefined, db: newClient().db(DATABASE) }),
    'the promise of a Db': () => legacy({ url: undefined, dbPromise: newClient().connect().then(client => client.db(DATABASE)) }),
    'dialled by the driver': () => modern({ backend: 'driver' }),
    'dialled by the driver, legacy': () => legacy({ backend: 'driver' })
  }
  for (const [way, open] of Object.entries(ways)) {
    test(way, async () => {
      const store = await open()
      await store.set(way, makeSession({ way }))
      assert.equal((await store.get(way)).way, way)
      assert.ok(await rows.findOne({ _id: way }))
      assert.ok(await ttlIndex(rows))
    })
  }

  test('in another database, by dbName', async () => {
    const client = newClient()
    const store = modern({ mongoUrl: undefined, client, dbName: `${DATABASE}-2` })
    await store.set('elsewhere', makeSession())
    assert.ok(await client.db(`${DATABASE}-2`).collection('connections').findOne({ _id: 'elsewhere' }))
    await client.db(`${DATABASE}-2`).dropDatabase()
  })

  test('promised in vain: its error is everyone\'s, and no unhandled rejection', async () => {
    const failure = new Error('no such host')
    const store = keep(MongoStore.create({ clientPromise: Promise.reject(failure) }))
    await assert.rejects(store.get('a'), failure)
    await assert.rejects(store.set('a', makeSession()), failure)
    await assert.rejects(store.collectionP, failure)
  })

  test('one whose server is not there: the reason of the last attempt, and recovery', async () => {
    const server = await startStandalone()
    await server.shutdown()
    const client = new MongoClient(server.uri, { serverSelectionTimeoutMS: 300 })
    const store = new LegacyStore({ client, operationTimeoutMS: 1000, autoRemove: 'disabled' })
    const errors = []
    store.on('error', error => errors.push(error))
    await assert.rejects(store.get('a'), { name: 'MongoServerSelectionError' })
    assert.equal(store.state, 'disconnected')
    assert.ok(errors.length > 0)
    await server.restart()
    assert.ok(await within(10_000, () => store.state === 'connected'))
    assert.equal(await store.get('a'), undefined)
    await store.close()
    await server.stop()
  })
})

describe('group commit', () => {
  for (const [way, open] of Object.entries(borrowed)) {
    test(`${way}: 128 gets at once are at most 8 finds, 128 sets as few updates`, async () => {
      const store = open()
      await store.ping()
      const ids = Array.from({ length: 128 }, (_, n) => `${way}-${n}`)
      await Promise.all(ids.map((id, n) => store.set(id, makeSession({ n }))))
      const before = await commandCounts()
      assert.deepEqual((await Promise.all(ids.map(id => store.get(id)))).map(({ n }) => n), ids.map((id, n) => n))
      const finds = (await commandCounts()).find - before.find
      assert.ok(finds >= 1 && finds <= 8, `${finds} finds`)
      assert.ok((await store.stats()).commands.update <= 8)
    })

    test(`${way}: no connection but the caller's`, async () => {
      const before = await appNames()
      const store = way.startsWith('modern')
        ? open({ client: newClient({ appName: 'the-app' }) })
        : open({ db: newClient({ appName: 'the-app' }).db(DATABASE) })
      await Promise.all(Array.from({ length: 50 }, (_, n) => store.set(`${way}-${n}`, makeSession())))
      const now = (await appNames()).filter(name => name !== 'the-app')
      assert.ok((await appNames()).includes('the-app'))
      assert.deepEqual(now.filter(name => !before.includes(name)), [])
      await store.close()
    })
  }

  async function commandCounts () {
    const { metrics } = await rows.db.admin().command({ serverStatus: 1 })
    return { find: metrics.commands.find.total, update: metrics.commands.update.total }
  }

  async function appNames () {
    const { inprog } = await rows.db.admin().command({ currentOp: 1, $all: true })
    return [...new Set(inprog.map(({ appName }) => appName).filter(Boolean))]
  }
})

describe('values', () => {
  for (const [way, open] of Object.entries(borrowed)) {
    test(`${way}: one that cannot be stored fails alone`, async () => {
      const store = open({ stringify: false })
      const circular = makeSession()
      circular.self = circular
      const outcomes = await Promise.allSettled([
        store.set(`${way}-a`, makeSession({ a: 1 })),
        store.set(`${way}-circular`, circular),
        store.set(`${way}-nul`, makeSession({ 'a\0b': 1 })),
        store.set(`${way}-large`, makeSession({ large: 'x'.repeat(17 << 20) })),
        store.set(`${way}-b`, makeSession({ b: 1 }))
      ])
      assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'])
      assert.equal((await store.get(`${way}-a`)).a, 1)
      assert.equal((await store.get(`${way}-b`)).b, 1)
    })

    test(`${way}: documents keep their types, in the classes of the app's driver`, async () => {
      const store = open({ stringify: false })
      const id = new ObjectId()
      await store.set(`${way}-typed`, makeSession({ id, at: new Date(5), none: undefined, list: [1, 'a'], bytes: Buffer.from('é') }))
      const session = await store.get(`${way}-typed`)
      assert.ok(session.id instanceof ObjectId && session.id.equals(id))
      assert.deepEqual([session.at, session.none, session.list], [new Date(5), null, [1, 'a']])
      assert.equal(Buffer.from(session.bytes.buffer).toString(), 'é')
    })

    test(`${way}: callers who share a row have a session each, as it was when it was set`, async () => {
      const store = open({ stringify: false })
      const session = makeSession({ nested: { n: 1 } })
      const set = store.set(`${way}-shared`, session)
      session.nested.n = 2
      await set
      const [a, b] = await Promise.all([store.get(`${way}-shared`), store.get(`${way}-shared`)])
      a.nested.n = 3
      assert.equal(b.nested.n, 1)
    })

    test(`${way}: ids of all types`, async () => {
      const ids = { string: 'é', number: 42, bigint: 43n, id: new ObjectId(), bytes: new Uint8Array([1, 2]), date: new Date(7) }
      const store = open({ transformId: name => ids[name.split('/')[1]] })
      const names = Object.keys(ids).map(name => `${way}/${name}`)
      await Promise.all(names.map(name => store.set(name, makeSession({ name }))))
      assert.deepEqual((await Promise.all(names.map(name => store.get(name)))).map(({ name }) => name), names)
      const stored = await store.ids()
      assert.ok(stored.some(id => Buffer.isBuffer(id) && id.equals(Buffer.from([1, 2]))))
      assert.ok(stored.some(id => id instanceof ObjectId && id.equals(ids.id)))
      await Promise.all(names.map(name => store.destroy(name)))
      assert.equal(await rows.countDocuments({ _id: { $in: [42, 43, ids.id, ids.date] } }), 0)
    })
  }
})

describe('touches in a group', () => {
  test('each learns whether its row was there', async () => {
    const store = borrowed['modern on a client']()
    await Promise.all([store.set('there-1', makeSession()), store.set('there-2', makeSession())])
    const touches = ['there-1', 'gone-1', 'there-2', 'gone-2'].map(id => store.touch(id, makeSession()))
    const outcomes = await Promise.allSettled([...touches, store.set('there-3', makeSession())])
    assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('bounds', () => {
  test('operationTimeoutMS, with a connection that never opens', async () => {
    const { EventEmitter } = require('node:events')
    const connection = Object.assign(new EventEmitter(), { readyState: 0, async close () {} })
    const store = new LegacyStore({ mongooseConnection: connection, operationTimeoutMS: 200, maxQueue: 2 })
    const start = Date.now()
    const outcomes = await Promise.allSettled([store.get('a'), store.clear(), store.get('b')])
    assert.deepEqual(outcomes.map(({ reason }) => reason.name),
      ['MongoOperationTimeoutError', 'MongoOperationTimeoutError', 'MongoQueueFullError'])
    assert.ok(Date.now() - start < 2000)
    await store.close()
    assert.equal(connection.listenerCount('open'), 0)
    await assert.rejects(store.get('a'), { name: 'MongoClientClosedError' })
  })

  test('a frozen server: the outcome is unknown, and the store goes on when it is back', async () => {
    const server = await startStandalone()
    const client = new MongoClient(server.uri)
    const store = MongoStore.create({ client, operationTimeoutMS: 500, autoRemove: 'disabled' })
    await store.set('a', makeSession({ n: 1 }))
    server.freeze()
    const outcomes = await Promise.allSettled([store.get('a'), store.set('b', makeSession()), store.length()])
    assert.deepEqual(outcomes.map(({ reason }) => reason.name), Array(3).fill('MongoOperationTimeoutError'))
    assert.match(outcomes[0].reason.message, /no answer/)
    assert.match(outcomes[1].reason.message, /outcome unknown/)
    server.thaw()
    assert.equal((await store.get('a')).n, 1)
    await store.set('a', makeSession({ n: 2 }))
    assert.equal(await store.length(), 2)
    await store.close()
    await server.stop()
  })
})

describe('an index that cannot be made', () => {
  test('is one warning with the remedy, and the store works', async () => {
    const collection = 'connections-index'
    const conflicting = rows.db.collection(collection)
    await conflicting.drop().catch(() => {})
    await conflicting.createIndex({ expires: 1 })
    const warnings = await warningsOf(async () => {
      const store = keep(MongoStore.create({ client: newClient(), collectionName: collection, dbName: DATABASE }))
      await store.set('a', makeSession())
      await new Promise(resolve => setTimeout(resolve, 300))
    })
    assert.deepEqual(warnings.map(({ code }) => code), ['CONNECT_MONGO_INDEX'])
    assert.match(warnings[0].message, /collMod/)
  })
})

describe('close', () => {
  test('closes the connection that was handed over, as connect-mongo does in both dialects', async () => {
    const dialects = [
      client => MongoStore.create({ client }),
      client => new LegacyStore({ db: client.db(DATABASE) })
    ]
    for (const make of dialects) {
      const client = await newClient().connect()
      let closed = 0
      client.on('topologyClosed', () => closed++)
      const store = make(client)
      await store.ping()
      await store.close()
      await store.close()
      assert.equal(closed, 1)
    }
  })

  test('at once, with everything under way', async () => {
    await modern({ mongoUrl: undefined, client: newClient() }).close()
  })
})

describe('interval mode', () => {
  const interval = { autoRemove: 'interval', autoRemoveInterval: 0.002 }

  test('sweeps by store.timer', async () => {
    const store = borrowed['legacy on a Db'](interval)
    assert.equal(typeof store.timer.unref, 'function')
    await store.set('expired', makeSession({}, -1000))
    assert.ok(await within(5000, async () => await rows.findOne({ _id: 'expired' }) === null))
    const { sweeps, swept } = await store.stats()
    assert.ok(sweeps >= 1)
    assert.ok(swept >= 1)
  })

  for (const [way, open] of Object.entries({
    ...borrowed,
    'dialled by the driver': options => modern({ backend: 'driver', ...options }),
    'session-mongoose, dialled by the driver': () => new SessionStore({ url, backend: 'driver', collection: 'connections_sm' })
  })) {
    test(`${way}: after close there is no store.timer`, async () => {
      const store = open(interval)
      const { timer } = store
      assert.equal(timer.hasRef(), false)
      const closed = store.close()
      assert.ok(!('timer' in store))
      await closed
      assert.equal(timer._destroyed, true)
    })
  }
})
