'use strict'

// Room for sessions on their way, and places in the queue: who has them, and who gives them back.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { makeSession, MongoStore, testUrl } = require('../helpers/stores')

const MIB = 1 << 20
const ids = Array.from({ length: 12 }, (_, n) => `room-${n}`)

/** Nobody listens there. */
const nobody = { mongoUrl: 'mongodb://127.0.0.1:9/', autoRemove: 'disabled', operationTimeoutMS: 300 }

describe('sets whose room comes in another order than their values', () => {
  const text = 'x'.repeat(4 * MIB)
  const cryptoAdapter = {
    encrypt: async plain => {
      if (plain.length > MIB) await sleep(200)
      return plain
    },
    decrypt: async sealed => sealed
  }
  for (const [way, connection] of Object.entries({
    'by URL': () => ({ mongoUrl: testUrl() }), 'on a client': () => ({ client: new MongoClient(testUrl()) })
  })) {
    test(`${way}: do not wait for each other`, async () => {
      const store = MongoStore.create({ ...connection(), collectionName: 'room', cryptoAdapter, autoRemove: 'disabled' })
      const started = Date.now()
      const large = ids.map(id => store.set(id, makeSession({ text })))
      // It has its value at once, and must wait for room that the large ones give back when they have theirs.
      await Promise.all([...large, store.set('small', makeSession())])
      assert.ok(Date.now() - started < 25_000, 'less than the operation timeout')
      await store.clear()
      await store.close()
    })
  }
})

test('calls that were never sent give their places in the queue back', async () => {
  for (const connection of [{ backend: 'driver' }, { mongoUrl: undefined, client: new MongoClient(nobody.mongoUrl) }]) {
    const store = MongoStore.create({ ...nobody, ...connection, maxQueue: 3, operationTimeoutMS: 300 })
    store.on('error', () => {})
    for (let round = 0; round < 2; round++) {
      const outcomes = await Promise.allSettled([store.ping(), store.ping(), store.ping()])
      assert.deepEqual(outcomes.map(({ reason }) => reason.name === 'MongoQueueFullError'), [false, false, false])
    }
    await store.close()
  }
})
