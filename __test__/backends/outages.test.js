'use strict'

// Servers that are not there, on connections that the app has handed over and on those that the driver
// dials: who waits for how long, with which error, and what the store says meanwhile.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const SessionStore = require('../../session-mongoose')(session)
const { startReplicaSet, startStandalone } = require('../helpers/mongod')
const { within } = require('../helpers/rows')
const { LegacyStore, makeSession, MongoStore } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const QUIET = { autoRemove: 'disabled' }

/** Each gives up an attempt after 300 ms, long before the operations do. */
const IMPATIENT = { serverSelectionTimeoutMS: 300 }

describe('no server yet', () => {
  const ways = {
    'a client': uri => new LegacyStore({ client: new MongoClient(uri, IMPATIENT), ...QUIET }),
    'a Db': uri => new LegacyStore({ db: new MongoClient(uri, IMPATIENT).db('test'), ...QUIET }),
    'the promise of a client': uri =>
      new LegacyStore({ clientPromise: Promise.resolve(new MongoClient(uri, IMPATIENT)), ...QUIET }),
    'dialled by the driver': uri => new LegacyStore({ url: uri, backend: 'driver', mongoOptions: IMPATIENT, ...QUIET }),
    'session-mongoose, dialled by the driver': uri =>
      new SessionStore({ url: `${uri}?serverSelectionTimeoutMS=300`, backend: 'driver', sweeper: false })
  }
  for (const [way, open] of Object.entries(ways)) {
    test(`${way}: operations outwait failed attempts`, async () => {
      const server = await startStandalone()
      await server.shutdown()
      const store = open(server.uri)
      const errors = []
      store.on('error', error => errors.push(error.name))
      const operations = [store.set('a', makeSession({ n: 1 })), store.get('a'), store.length()]
      assert.ok(await within(5000, () => errors.length >= 2))
      assert.deepEqual([...new Set(errors)], ['MongoServerSelectionError'])
      await server.restart()
      const [, found, count] = await Promise.all(operations)
      assert.deepEqual([found.n, count], [1, 1])
      await store.close()
      await server.stop()
    })
  }

  for (const [way, clientOptions] of Object.entries({
    'after failed attempts': IMPATIENT, 'during the first attempt': { serverSelectionTimeoutMS: 5000 }
  })) {
    test(`an operation that runs out of time ${way} says why no server was reached`, async () => {
      const client = new MongoClient('mongodb://127.0.0.1:9/', clientOptions)
      const store = MongoStore.create({ client, operationTimeoutMS: 800, ...QUIET })
      const started = Date.now()
      for (const outcome of await Promise.allSettled([store.get('a'), store.set('a', makeSession()), store.clear()])) {
        assert.equal(outcome.reason.name, 'MongoServerSelectionError')
        assert.match(outcome.reason.cause.message, /ECONNREFUSED/)
      }
      assert.ok(Date.now() - started >= 790)
      await store.close()
    })
  }

  test('a Mongoose connection whose server is not there: the same', async () => {
    const connection = new Mongoose().createConnection('mongodb://127.0.0.1:9/', { serverSelectionTimeoutMS: 300 })
    connection.asPromise().catch(() => {})
    const stores = [
      new LegacyStore({ mongooseConnection: connection, operationTimeoutMS: 800, ...QUIET }),
      new SessionStore({ connection, operationTimeoutMS: 800, sweeper: false })
    ]
    for (const store of stores) await assert.rejects(store.get('a'), { name: 'MongoServerSelectionError' })
    await Promise.all(stores.map(store => store.close()))
    await connection.close()
  })
})

describe('what waiting does not mend fails at once', () => {
  test('wrong credentials', async () => {
    const server = await startStandalone({ users: [] })
    const wrong = server.uri.replace('//', '//nobody:wrong@')
    const mongoose = new Mongoose()
    const connection = mongoose.createConnection(wrong)
    connection.asPromise().catch(() => {})
    const stores = {
      url: MongoStore.create({ mongoUrl: wrong, backend: 'driver', ...QUIET }),
      client: MongoStore.create({ client: new MongoClient(wrong), ...QUIET }),
      mongoose: new LegacyStore({ mongooseConnection: connection, ...QUIET })
    }
    for (const [way, store] of Object.entries(stores)) {
      for (let round = 0; round < 2; round++) {
        const started = Date.now()
        await assert.rejects(store.get('a'), { code: 18 }, way)
        assert.ok(Date.now() - started < 5000, way)
      }
      await store.close()
    }
    await connection.close()
    await server.stop()
  })

  test('a promise of a client that is rejected', async () => {
    const failure = Object.assign(new Error('connect ECONNREFUSED'), { name: 'MongoServerSelectionError' })
    const store = MongoStore.create({ clientPromise: sleep(50).then(() => { throw failure }), ...QUIET })
    await assert.rejects(store.get('a'), failure)
    await assert.rejects(store.get('a'), failure)
    await store.close()
  })

  test('a bad URL, which driver 3 notices only when it connects', async () => {
    const failure = Object.assign(new Error('Invalid connection string'), { name: 'MongoParseError' })
    const client = Object.assign(new EventEmitter(), {
      db: () => ({ command: async () => { throw failure }, collection: () => ({}) }), async close () {}
    })
    const store = MongoStore.create({ client, ...QUIET })
    await assert.rejects(store.get('a'), failure)
    await store.close()
  })
})

describe('an outage', () => {
  /** What a store says about its connection, in order. */
  function heard (store) {
    const events = []
    for (const event of ['connected', 'disconnected']) store.on(event, () => events.push(event))
    return events
  }
  const connected = async store => (await store.stats()).connected

  /** To be closed, since a store of session-mongoose leaves it open. */
  const connections = []
  function mongooseOn (uri) {
    const connection = new Mongoose().createConnection(uri)
    connections.push(connection)
    return connection
  }

  const ways = {
    legacy: {
      'by URL': uri => new LegacyStore({ url: uri, ...QUIET }),
      'a client': uri => new LegacyStore({ client: new MongoClient(uri), ...QUIET }),
      'a Db': uri => new LegacyStore({ db: new MongoClient(uri).db('test'), ...QUIET }),
      'the promise of a Db': uri =>
        new LegacyStore({ dbPromise: new MongoClient(uri).connect().then(client => client.db('test')), ...QUIET }),
      'dialled by the driver': uri => new LegacyStore({ url: uri, backend: 'driver', ...QUIET }),
      'a Mongoose connection': uri => new LegacyStore({ mongooseConnection: mongooseOn(uri), ...QUIET })
    },
    modern: {
      'by URL': uri => MongoStore.create({ mongoUrl: uri, ...QUIET }),
      'a client': uri => MongoStore.create({ client: new MongoClient(uri), ...QUIET }),
      'the promise of a client': uri => MongoStore.create({ clientPromise: new MongoClient(uri).connect(), ...QUIET }),
      'dialled by the driver': uri => MongoStore.create({ mongoUrl: uri, backend: 'driver', ...QUIET })
    },
    'session-mongoose': {
      'by URL': uri => new SessionStore({ url: uri, sweeper: false }),
      'a Mongoose connection': uri => new SessionStore({ connection: mongooseOn(uri), sweeper: false }),
      'dialled by the driver': uri => new SessionStore({ url: uri, backend: 'driver', sweeper: false })
    }
  }
  for (const [dialect, opens] of Object.entries(ways)) {
    test(`${dialect}: is said once, and so is its end, whatever the connection`, async () => {
      const server = await startStandalone()
      const stores = Object.entries(opens).map(([way, open]) => {
        const store = open(server.uri)
        return { way, store, events: heard(store) }
      })
      const all = state => Promise.all(stores.map(async ({ way, store }) =>
        assert.ok(await within(15_000, async () => await connected(store) === state), `${way}: not ${state}`)))
      await Promise.all(stores.map(({ store }) => store.ping()))
      await all(true)
      for (let outage = 1; outage <= 2; outage++) {
        await server.kill()
        await all(false)
        for (const { way, store } of stores) {
          assert.equal(store.state, dialect === 'legacy' ? 'disconnected' : undefined, way)
        }
        await server.restart()
        await Promise.all(stores.map(({ store }) => store.get('a')))
        await all(true)
      }
      for (const { way, events } of stores) {
        assert.deepEqual(events, ['connected', 'disconnected', 'connected', 'disconnected', 'connected'], way)
      }
      await Promise.all(stores.map(({ store }) => store.close()))
      await Promise.all(connections.splice(0).map(connection => connection.close()))
      await server.stop()
    })
  }

  test('an operation that is called in it and runs out of time names the reason', async () => {
    const server = await startStandalone()
    const store = MongoStore.create({ client: new MongoClient(server.uri), operationTimeoutMS: 1000, ...QUIET })
    await store.set('a', makeSession())
    await server.kill()
    assert.ok(await within(5000, async () => !await connected(store)))
    for (const operation of [store.get('a'), store.set('a', makeSession())]) {
      await assert.rejects(operation, ({ name, cause }) => name === 'MongoServerSelectionError' && Boolean(cause))
    }
    await store.close()
    await server.stop()
  })

  test('another primary', async () => {
    const set = await startReplicaSet({ count: 3 })
    const store = new LegacyStore({ client: new MongoClient(set.uri), ...QUIET })
    const events = heard(store)
    await store.set('a', makeSession({ n: 1 }))
    await set.caughtUp()
    await (await set.primary()).kill()
    assert.ok(await within(10_000, () => events.length === 2))
    assert.ok(await within(30_000, () => events.length === 3))
    assert.equal((await store.get('a')).n, 1)
    assert.deepEqual(events, ['connected', 'disconnected', 'connected'])
    await store.close()
    await set.stop()
  })

  test('many stores on one client or connection: one listener of each event, and none after close', async () => {
    const server = await startStandalone()
    const client = new MongoClient(server.uri)
    const connection = new Mongoose().createConnection(server.uri)
    const listeners = () => [client, connection].map(emitter =>
      emitter.eventNames().map(event => [event, emitter.listenerCount(event)]))
    const before = listeners()
    const warnings = await warningsOf(async () => {
      const stores = Array.from({ length: 20 }, () =>
        [new SessionStore({ connection, sweeper: false }), MongoStore.create({ client, ...QUIET })]).flat()
      await Promise.all(stores.map(store => store.ping()))
      assert.equal(client.listenerCount('topologyDescriptionChanged'), 1)
      assert.equal(connection.listenerCount('reconnected'), 1)
      await Promise.all(stores.map(store => store.close()))
    })
    assert.deepEqual(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'), [])
    assert.deepEqual(listeners(), before)
    await connection.close()
    await server.stop()
  })
})

describe('close, with a server that does not reply', () => {
  const ways = {
    'a client': uri => MongoStore.create({ client: new MongoClient(uri), operationTimeoutMS: 1000, ...QUIET }),
    'a Mongoose connection': uri => new LegacyStore({
      mongooseConnection: new Mongoose().createConnection(uri), operationTimeoutMS: 1000, ...QUIET
    }),
    'dialled by the driver': uri =>
      MongoStore.create({ mongoUrl: uri, backend: 'driver', operationTimeoutMS: 1000, ...QUIET })
  }
  for (const [way, open] of Object.entries(ways)) {
    test(`${way}: what is under way has its time, and the driver's own close two seconds`, async () => {
      const server = await startStandalone()
      const store = open(server.uri)
      await store.set('a', makeSession())
      await store.clientP // of a store with a URL it is another client, made for the app
      server.freeze()
      const operation = assert.rejects(store.get('a'), { name: 'MongoOperationTimeoutError' })
      const started = Date.now()
      assert.equal(await Promise.race([store.close().then(() => 'closed'), sleep(8000, 'hangs', { ref: false })]), 'closed')
      assert.ok(Date.now() - started >= 900)
      await operation
      server.thaw()
      await server.stop()
    })
  }

  test('a promise of a client that never settles', async () => {
    const store = MongoStore.create({ clientPromise: new Promise(() => {}), operationTimeoutMS: 300, ...QUIET })
    await assert.rejects(store.get('a'), { name: 'MongoOperationTimeoutError' })
    await store.close()
  })
})
