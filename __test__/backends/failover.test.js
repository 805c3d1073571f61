'use strict'

// What a store promises when servers die or freeze under it.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { startReplicaSet, startStandalone } = require('../helpers/mongod')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

const WRITERS = 64

function open (server, options) {
  const url = server.uri.replace('/?', `/${DATABASE}?`).replace(/\/$/, `/${DATABASE}`)
  return MongoStore.create({ mongoUrl: url, collectionName: 'failover', ...options })
}

describe('a replica set whose primary is killed again and again', () => {
  let set
  let store

  before(async () => {
    // A checkpoint every second. A member that comes back undoes what follows its last one, and that takes
    // mongod minutes if it is the usual 60 s of writes (WiredTiger's rollback to stable, seen with 6.0.5).
    set = await startReplicaSet({ count: 3, args: ['--syncdelay', '1'] })
    store = open(set, { mongoOptions: { w: 'majority', journal: true } })
    await store.ping()
  })
  after(async () => {
    await store?.close()
    await set?.stop()
  })

  test('no acknowledged write is lost, no operation fails, and each row is created once', async () => {
    const acknowledged = new Map()
    const creations = new Map()
    store.on('create', sid => creations.set(sid, (creations.get(sid) ?? 0) + 1))
    let running = true
    const write = async writer => {
      for (let turn = 0; running; turn++) {
        // Every other write makes a new row; the one after it changes that.
        const sid = `writer-${writer}-row-${turn >> 1}`
        await store.set(sid, makeSession({ turn }, 3600_000))
        acknowledged.set(sid, turn)
      }
    }
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
    for (let kills = 0; kills < 3; kills++) {
      const primary = await set.primary()
      await sleep(500)
      await primary.kill()
      await set.primary()
      await sleep(500)
      await primary.restart()
      await set.caughtUp()
    }
    running = false
    await Promise.all(writers)

    assert.ok(acknowledged.size > WRITERS, 'writes went on')
    await Promise.all([...acknowledged].map(async ([sid, turn]) => {
      const session = await store.get(sid)
      assert.equal(session?.turn, turn, sid)
    }))
    assert.deepEqual([...creations.keys()].sort(), [...acknowledged.keys()].sort())
    assert.ok([...creations.values()].every(count => count === 1))
    assert.equal((await store.stats()).errors, 0)
  })
})

describe('a replica set whose primary freezes', () => {
  let set
  let store

  before(async () => {
    set = await startReplicaSet({ count: 3 })
    // On 4.4 the other member takes 35 s to leave a source that is frozen, and no majority confirms till then
    // (measured with 4.4.2, by writes of the Node.js driver).
    store = open(set, { mongoOptions: { w: 'majority' }, operationTimeoutMS: 90_000 })
    await store.ping()
  })
  after(async () => {
    await store?.close()
    await set?.stop()
  })

  test('operations under way move to its successor, and a late write changes nothing', async () => {
    await store.set('a', makeSession({ turn: 0 }))
    const primary = await set.primary()
    primary.freeze()
    const stuck = Array.from({ length: WRITERS }, (_, n) => store.set(`id-${n}`, makeSession({ turn: 1 })))
    stuck.push(store.set('a', makeSession({ turn: 1 })))
    await Promise.all(stuck)
    await store.set('a', makeSession({ turn: 2 }))
    primary.thaw()
    await sleep(3000)
    assert.equal((await store.get('a')).turn, 2)
    assert.equal((await store.stats()).errors, 0)
  })
})

describe('a standalone server that freezes', () => {
  let server

  before(async () => { server = await startStandalone() })
  after(() => server?.stop())

  test('every operation settles by its deadline, and the store works again afterwards', async () => {
    const operationTimeoutMS = 2000
    const store = open(server, { operationTimeoutMS })
    await store.set('a', makeSession({ turn: 0 }))
    server.freeze()
    const started = Date.now()
    const operations = []
    for (let n = 0; n < WRITERS; n++) {
      operations.push(store.get(`id-${n}`), store.set(`id-${n}`, makeSession()), store.touch('a', makeSession()))
    }
    operations.push(store.length(), store.clear(), store.ids(), store.ping())
    const outcomes = await Promise.allSettled(operations)
    const took = Date.now() - started
    assert.ok(took >= operationTimeoutMS - 100 && took < operationTimeoutMS * 10, `${took} ms`)
    for (const { status, reason } of outcomes) {
      assert.equal(status, 'rejected')
      assert.equal(reason.name, 'MongoOperationTimeoutError')
      assert.match(reason.message, /not sent|no answer|outcome unknown|still running/)
    }
    for (const fate of ['not sent', 'no answer', 'outcome unknown']) {
      assert.ok(outcomes.some(({ reason }) => reason.message.endsWith(fate)), fate)
    }
    server.thaw()
    await store.set('a', makeSession({ turn: 3 }))
    assert.equal((await store.get('a')).turn, 3)
    await store.close()
  })
})

describe('a server that freezes and is given up by monitoring', () => {
  let server

  before(async () => { server = await startStandalone() })
  after(() => server?.stop())

  test('what was sent fails by the selection, which says that its outcome is unknown', async () => {
    const mongoOptions = { heartbeatFrequencyMS: 500, connectTimeoutMS: 500, serverSelectionTimeoutMS: 1000 }
    const store = open(server, { mongoOptions, operationTimeoutMS: 20_000 })
    await store.set('a', makeSession({ turn: 0 }))
    server.freeze()
    const message = /outcome (unknown|of the operation is unknown)/
    const expected = { name: /MongoServerSelectionError|MongoNetworkError/, message }
    await assert.rejects(store.set('a', makeSession({ turn: 1 })), expected)
    server.thaw()
    await store.set('a', makeSession({ turn: 2 }))
    assert.equal((await store.get('a')).turn, 2)
    await store.close()
  })
})

describe('a server that freezes under a store with waitQueueTimeoutMS', () => {
  let server

  before(async () => { server = await startStandalone() })
  after(() => server?.stop())

  test('what is not sent by then fails, what is sent has its own deadline', async () => {
    const mongoOptions = { maxPoolSize: 1, waitQueueTimeoutMS: 300 }
    const store = open(server, { mongoOptions, operationTimeoutMS: 2000 })
    await store.set('a', makeSession({ turn: 0 }))
    server.freeze()
    const sent = assert.rejects(store.set('a', makeSession({ turn: 1 })), {
      name: 'MongoOperationTimeoutError', message: /outcome unknown/
    })
    await sleep(50)
    const started = Date.now()
    await assert.rejects(store.set('b', makeSession()), { name: 'MongoWaitQueueTimeoutError', message: /not sent/ })
    assert.ok(Date.now() - started < 1500)
    await sent
    server.thaw()
    await store.set('a', makeSession({ turn: 2 }))
    assert.equal((await store.get('a')).turn, 2)
    await store.close()
  })
})

describe('a server that stops and comes back', () => {
  let server

  before(async () => { server = await startStandalone() })
  after(() => server?.stop())

  test('operations fail after the selection timeout, and the same store works again', async () => {
    const serverSelectionTimeoutMS = 1000
    const store = open(server, { mongoOptions: { serverSelectionTimeoutMS } })
    await store.set('a', makeSession({ turn: 1 }))
    await server.shutdown()
    for (const operation of [() => store.get('a'), () => store.set('a', makeSession()), () => store.length()]) {
      const started = Date.now()
      await assert.rejects(operation, error => {
        assert.equal(error.name, 'MongoServerSelectionError')
        assert.ok(error.cause)
        return true
      })
      assert.ok(Date.now() - started < serverSelectionTimeoutMS * 10)
    }
    await server.restart()
    assert.equal((await store.get('a')).turn, 1)
    await store.set('a', makeSession({ turn: 2 }))
    await store.close()
  })

  test('a store that was made while it was down connects by itself', async () => {
    await server.shutdown()
    const store = open(server)
    const set = store.set('b', makeSession({ turn: 1 }))
    await sleep(1000)
    await server.restart()
    await set
    assert.equal((await store.get('b')).turn, 1)
    await store.close()
  })
})
