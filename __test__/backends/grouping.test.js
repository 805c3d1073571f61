'use strict'

// Operations that would have waited for each other leave together, by the store's figures and the server's.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

const MIB = 1 << 20
const ids = Array.from({ length: 256 }, (_, n) => `id-${n}`)

describe('grouping', () => {
  let server
  let client
  let store

  before(async () => {
    server = await startStandalone()
    client = await MongoClient.connect(server.uri)
    store = MongoStore.create({ mongoUrl: server.uri, dbName: DATABASE, autoRemove: 'disabled' })
    await store.ping()
  })
  after(async () => {
    await store?.close()
    await client?.close()
    await server?.stop()
  })

  /** How many commands of one kind `action` causes, by both accounts. */
  async function commands (verb, action) {
    const counters = async () => {
      const { metrics } = await client.db('admin').command({ serverStatus: 1 })
      return { server: Number(metrics.commands[verb].total), store: (await store.stats()).commands[verb] }
    }
    const before = await counters()
    await action()
    const after = await counters()
    return { server: after.server - before.server, store: after.store - before.store }
  }

  for (const [verb, method, most, ...args] of [
    ['update', 'set', 8, makeSession({ n: 1 })], ['find', 'get', 8], ['update', 'touch', 8, makeSession()],
    ['delete', 'destroy', 8]
  ]) {
    test(`256 concurrent calls of ${method} cause at most ${most} commands`, async () => {
      const { server, store: own } = await commands(verb, () =>
        Promise.all(ids.map(id => store[method](id, ...args))))
      assert.ok(own >= 1 && own <= most, `${own} by the store's account`)
      // The server has a few commands of its own, to keep account of sessions.
      assert.ok(server >= own && server <= own + 2, `${server} by the server's account, ${own} by the store's`)
    })
  }

  test('what waits for room is stored in its place when there is room', async () => {
    const text = 'x'.repeat(MIB)
    const sets = ids.slice(0, 100).map((id, n) => store.set(id, makeSession({ n, text })))
    const [first, last] = [0, 99].map(n => store.get(ids[n]))
    const small = store.set(ids[99], makeSession({ n: -1 }))
    await Promise.all(sets)
    assert.equal((await first).n, 0)
    assert.equal((await last).n, 99, 'the get was called before the set after it')
    await small
    assert.equal((await store.get(ids[99])).n, -1)
    await store.clear()
  })

  test('a session that MongoDB cannot store fails alone and at once', async () => {
    const huge = makeSession({ text: 'x'.repeat(70 * MIB) })
    const outcomes = await Promise.allSettled([
      store.set('before', makeSession()), store.set('huge', huge), store.set('after', makeSession()), store.get('before')
    ])
    assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    const { reason } = outcomes[1]
    assert.deepEqual([reason.name, reason.code, reason.codeName], ['MongoServerError', 10334, 'BSONObjectTooLarge'])
    assert.match(reason.message, /takes 7\d{7} bytes, the limit is 16777216/)
    await store.clear()
  })

  test('a single call leaves at once', async () => {
    const { store: own } = await commands('find', async () => { for (const id of ids) await store.get(id) })
    assert.equal(own, ids.length)
  })

  test('rows of many MiB are all read, in commands of their own size', async () => {
    const text = 'x'.repeat(2 * MIB)
    const large = ids.slice(0, 16)
    await Promise.all(large.map((id, n) => store.set(id, makeSession({ n, text }))))
    const sessions = await Promise.all(large.map(id => store.get(id)))
    sessions.forEach((session, n) => {
      assert.equal(session.n, n)
      assert.equal(session.text.length, text.length)
    })
    assert.equal((await store.all()).length, large.length)
    await store.clear()
  })

  test('a session over the limit of the server fails alone', async () => {
    const outcomes = await Promise.allSettled([
      store.set('small', makeSession()), store.set('huge', makeSession({ text: 'x'.repeat(17 * MIB) })),
      store.set('other', makeSession())
    ])
    assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
    assert.equal(outcomes[1].reason.code, 10334)
  })
})

describe('bounds', () => {
  const nobody = { mongoUrl: 'mongodb://127.0.0.1:9/', autoRemove: 'disabled', operationTimeoutMS: 300 }

  test('maxQueue operations may wait, and one more fails at once', async () => {
    const store = MongoStore.create({ ...nobody, maxQueue: 10 })
    const waiting = Promise.allSettled(ids.slice(0, 10).map(id => store.get(id)))
    await assert.rejects(store.get('one more'), { name: 'MongoQueueFullError', message: /maxQueue/ })
    for (const { reason } of await waiting) assert.equal(reason.name, 'MongoOperationTimeoutError')
    const again = store.get('there is room again')
    await assert.rejects(again, { name: 'MongoOperationTimeoutError' })
    await store.close()
  })

  test('64 MiB of sessions wait in the core, more of them in JavaScript, and none is refused', async () => {
    const store = MongoStore.create(nobody)
    const session = makeSession({ text: 'x'.repeat(8 * MIB) })
    const outcomes = await Promise.allSettled(ids.slice(0, 12).map(id => store.set(id, session)))
    for (const { reason } of outcomes) {
      assert.equal(reason.name, 'MongoOperationTimeoutError')
      assert.match(reason.message, /not sent/)
    }
    await store.close()
  })

  test('what is refused counts nowhere', async () => {
    const store = MongoStore.create({ ...nobody, maxQueue: 3 })
    const outcomes = await Promise.allSettled(ids.slice(0, 10).map(id => store.get(id)))
    const refused = outcomes.filter(({ reason }) => reason.name === 'MongoQueueFullError')
    assert.equal(refused.length, 7)
    for (const { reason } of refused) assert.match(reason.message, /: 3 operations wait/)
    await store.close()
  })
})

describe('shared connections', () => {
  let server
  let client

  before(async () => {
    server = await startStandalone()
    client = await MongoClient.connect(server.uri)
  })
  after(async () => {
    await client?.close()
    await server?.stop()
  })

  const connections = async () => {
    const operations = client.db('admin').aggregate([{ $currentOp: { allUsers: true, idleConnections: true } }])
    const ours = (await operations.toArray()).filter(({ clientMetadata }) =>
      clientMetadata?.driver?.name?.includes('connect-mongo-native'))
    return ours.length
  }

  test('stores with one URL and options share them, and the last one closes them', async () => {
    const open = collectionName =>
      MongoStore.create({ mongoUrl: server.uri, dbName: DATABASE, collectionName, autoRemove: 'disabled' })
    const first = open('first')
    await first.set('a', makeSession())
    const alone = await connections()
    assert.ok(alone > 0)
    const others = Array.from({ length: 20 }, (_, n) => open(`other-${n}`))
    for (const store of others) await store.set('a', makeSession())
    assert.ok(await connections() <= alone + 2, 'no connection per store')
    await Promise.all(others.map(store => store.close()))
    await first.set('b', makeSession())
    await first.close()
    const deadline = Date.now() + 10_000
    while (await connections() > 0) assert.ok(Date.now() < deadline, 'connections stay open')
  })
})
