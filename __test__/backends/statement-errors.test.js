'use strict'

// A statement that fails beside others that do not, in one command: each operation has its own outcome.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { callback, makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('statement-errors')

/** What a unique index refuses beside each other. */
const SAME = { cookie: {}, same: true }

for (const [name, open] of Object.entries(backends)) {
  describe(name, () => {
    // The reply has the sum of matches only, so that one find decides whose row was there. Until then the
    // error waits, too.
    test('a set that is refused beside touches of which some match', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.clear()
      await store.set('taken', SAME)
      await store.set('here', makeSession({ n: 1 }))
      await rows.createIndex({ session: 1 }, { unique: true })
      try {
        for (let round = 0; round < 5; round++) {
          const outcomes = Promise.all([
            callback(store, 'touch', 'here', makeSession()),
            callback(store, 'touch', 'gone', makeSession()),
            callback(store, 'set', 'refused-1', SAME),
            callback(store, 'set', 'refused-2', SAME),
            callback(store, 'touch', 'refused-1', makeSession())
          ])
          // Others fail meanwhile, each with an error of its own.
          await sleep(round)
          const others = Promise.all(['c', 'd', 'e'].map(id => callback(store, 'set', `refused-${id}`, SAME)))
          const [[touched], , ...refused] = await outcomes
          assert.equal(touched, null)
          for (const [error] of [...refused, ...await others]) {
            assert.ok(error instanceof Error, `the error is ${error}`)
            assert.deepEqual([error.name, error.code], ['MongoServerError', 11000])
          }
          assert.equal(await rows.countDocuments({}), 2)
        }
      } finally {
        await rows.dropIndex('session_1')
      }
    })
  })
}
