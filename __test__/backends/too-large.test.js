'use strict'

// A session that is larger than MongoDB stores fails by its size, before it is sent, however it is stored.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const { createKrupteinAdapter } = require('../..').MongoStore
const SessionStore = require('../../session-mongoose')(session)
const { makeSession, MongoStore, useCollection } = require('../helpers/stores')

const { backends, url } = useCollection('too-large')

for (const [name, open] of Object.entries(backends)) {
  describe(name, () => {
    const MiB = 1 << 20
    const sessions = {
      'one text': { text: 'x'.repeat(20 * MiB) },
      'a little too large': { text: 'x'.repeat(16 * MiB - 100) },
      'many texts': { texts: Array(18).fill('x'.repeat(MiB)) },
      'many bytes that are few characters': { text: '€'.repeat(6 * MiB) },
      'many numbers': { numbers: Array(1.5 * MiB).fill(1) },
      'bytes of a Buffer': { bytes: Buffer.alloc(17 * MiB) },
      'many keys': Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`${'key'.repeat(20)}${n}`, n]))
    }
    for (const [kind, data] of Object.entries(sessions)) {
      for (const stringify of [true, false]) {
        // JSON writes numbers and keys in fewer bytes, and a Buffer in so many that it takes seconds.
        if (stringify && ['many numbers', 'many keys', 'bytes of a Buffer'].includes(kind)) continue
        test(`fails alone, at once, and by its size: ${kind}, stringify: ${stringify}`, async () => {
          const store = open({ stringify })
          const outcomes = await Promise.allSettled([
            store.set('a', makeSession({ n: 1 })), store.set('huge', makeSession(data)), store.set('b', makeSession()),
            store.get('a')
          ])
          assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
          isTooLarge(outcomes[1].reason)
        })
      }
    }
  })
}

function isTooLarge ({ name, code, codeName, message }) {
  assert.deepEqual([name, code, codeName], ['MongoServerError', 10334, 'BSONObjectTooLarge'], message)
  const [, size, limit] = /takes (\d+) bytes, the limit is (\d+)/.exec(message)
  assert.ok(Number(size) > Number(limit))
  assert.equal(Number(limit), 16 << 20)
}

describe('the same', () => {
  const client = () => new MongoClient(url)
  const ways = {
    'encrypted, by URL': () => MongoStore.create({ mongoUrl: url, crypto: { secret: 's' } }),
    'encrypted, on a client': () => MongoStore.create({ client: client(), crypto: { secret: 's' } }),
    'with hooks, by URL': () => MongoStore.create({ mongoUrl: url, serialize: session => ({ ...session }) }),
    'with hooks, on a client': () => MongoStore.create({ client: client(), serialize: session => ({ ...session }) }),
    'session-mongoose, by URL': () => new SessionStore({ url, sweeper: false }),
    'session-mongoose, dialled by the driver': () => new SessionStore({ url, sweeper: false, backend: 'driver' })
  }
  test('nothing is encrypted that cannot be stored', async () => {
    isTooLarge(await createKrupteinAdapter({ secret: 's' }).encrypt('x'.repeat(17 << 20)).catch(error => error))
  })

  for (const [way, open] of Object.entries(ways)) {
    test(way, async () => {
      const store = open()
      const error = await store.set('huge', makeSession({ text: 'x'.repeat(17 << 20) })).catch(error => error)
      await store.close()
      isTooLarge(error)
    })
  }
})
