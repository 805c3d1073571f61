'use strict'

// What comes of a write that was sent more than once, and of a statement that failed beside others for a
// reason that a new attempt may mend.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { startReplicaSet } = require('../helpers/mongod')
const { makeSession, MongoStore } = require('../helpers/stores')

let server
let client
let admin
const stores = []

before(async () => {
  server = await startReplicaSet({ count: 1, args: ['--setParameter', 'enableTestCommands=1'] })
  client = new MongoClient(server.uri)
  admin = client.db('admin')
})
after(async () => {
  await Promise.all(stores.map(store => store.close()))
  await client?.close()
  await server?.stop()
})

async function open (backend, options) {
  const store = MongoStore.create({
    mongoUrl: server.uri, dbName: 'attempts', collectionName: backend, backend, autoRemove: 'disabled', ...options
  })
  stores.push(store)
  await store.clear()
  return store
}

const failing = (name, mode, data) => admin.command({ configureFailPoint: name, mode, ...data && { data } })

/** PrimarySteppedDown, NotWritablePrimary, HostUnreachable, ExceededTimeLimit. */
const CODES = [189, 10107, 6, 262]

describe('statements that fail in a reply that says ok', () => {
  for (const errorCode of CODES) {
    test(`with ${errorCode} are sent again by the core, and only they`, async () => {
      const store = await open('native')
      const events = []
      store.on('create', id => events.push(id))
      const ids = Array.from({ length: 20 }, (_, n) => `${errorCode}-${n}`)
      await failing('onPrimaryTransactionalWrite', { activationProbability: 0.3 },
        { failBeforeCommitExceptionCode: errorCode, closeConnection: false })
      try {
        await Promise.all(ids.map((id, n) => store.set(id, makeSession({ n }))))
      } finally {
        await failing('onPrimaryTransactionalWrite', 'off')
      }
      assert.deepEqual(events.toSorted(), ids.toSorted(), 'each is created once')
      for (const [n, id] of ids.entries()) assert.equal((await store.get(id)).n, n)
    })

    test(`with ${errorCode} fail by that when their time is up`, async () => {
      const store = await open('native', { operationTimeoutMS: 1000 })
      await store.set('before', makeSession())
      await failing('onPrimaryTransactionalWrite', 'alwaysOn',
        { failBeforeCommitExceptionCode: errorCode, closeConnection: false })
      try {
        const sets = ['a', 'b', 'c'].map(id => store.set(id, makeSession()))
        for (const { status, reason } of await Promise.allSettled(sets)) {
          assert.equal(status, 'rejected')
          assert.ok(['MongoOperationTimeoutError', 'MongoServerError'].includes(reason.name), reason.name)
        }
      } finally {
        await failing('onPrimaryTransactionalWrite', 'off')
      }
    })
  }
})

describe('a write that the driver of a borrowed connection has sent twice', () => {
  test('may have been applied the first time, whatever the second attempt was told', async () => {
    const store = await open('driver')
    await store.set('a', makeSession({ n: 1 }))
    const data = { failCommands: ['update'], errorCode: 10107, errorLabels: ['RetryableWriteError'] }
    await failing('failCommand', { times: 2 }, data)
    try {
      const set = store.set('a', makeSession({ n: 2 }))
      const [written, read] = await Promise.allSettled([set, store.get('a')])
      assert.deepEqual([written.reason?.code, read.reason?.code], [10107, 10107])
    } finally {
      await failing('failCommand', 'off')
    }
  })

  test('was not applied if the server says so', async () => {
    const store = await open('driver')
    await store.set('b', makeSession({ n: 1 }))
    const labels = ['RetryableWriteError', 'NoWritesPerformed']
    await failing('failCommand', { times: 2 }, { failCommands: ['update'], errorCode: 10107, errorLabels: labels })
    try {
      const set = store.set('b', makeSession({ n: 2 }))
      const [written, read] = await Promise.allSettled([set, store.get('b')])
      assert.deepEqual([written.reason?.code, read.value?.n], [10107, 1])
    } finally {
      await failing('failCommand', 'off')
    }
  })
})

describe('a write that is carried out and not confirmed', () => {
  for (const backend of ['native', 'driver']) {
    test(`${backend}: fails the get between two sets, which must not see the second`, async () => {
      const store = await open(backend)
      await store.set('a', makeSession({ n: 0 }))
      const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
      await failing('failCommand', { times: 1 }, { failCommands: ['update'], writeConcernError })
      const sets = [1, 2].map(n => () => store.set('a', makeSession({ n })))
      const outcomes = await Promise.allSettled([sets[0](), store.get('a'), sets[1]()])
      assert.deepEqual(outcomes.map(({ reason, value }) => reason?.code ?? value), [64, 64, 64])
    })
  }
})
