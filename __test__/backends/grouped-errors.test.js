'use strict'

// An error that fails a group as a whole is what each of its operations would have had alone, and holds
// nothing of the others.

const assert = require('node:assert/strict')
const { after, afterEach, before, describe, test } = require('node:test')
const { inspect } = require('node:util')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

const DRIVERS = {
  'mongodb 7': require('mongodb').MongoClient,
  'mongodb 3': require('connect-mongo-3/node_modules/mongodb').MongoClient
}

const FAILURES = {
  refused: { errorCode: 13 },
  'interrupted, with a label': { errorCode: 11600, errorLabels: ['RetryableWriteError'] },
  'cut off': { closeConnection: true }
}

/** Drivers number their connections. */
function withoutNumbers (message) {
  return message.replace(/\d+/g, 'n')
}

describe('errors of groups', () => {
  let server
  let client
  before(async () => {
    server = await startStandalone({ args: ['--setParameter', 'enableTestCommands=1'] })
    client = await MongoClient.connect(server.uri)
  })
  afterEach(() => client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' }))
  after(async () => {
    await client?.close()
    await server?.stop()
  })

  for (const [name, Client] of Object.entries(DRIVERS)) {
    for (const [failure, data] of Object.entries(FAILURES)) {
      test(`${name}: ${failure}`, async t => {
        const options = name === 'mongodb 3' ? { useUnifiedTopology: true, useNewUrlParser: true, heartbeatFrequencyMS: 500 } : {}
        const own = new Client(server.uri, { retryWrites: false, ...options })
        await own.connect()
        const store = MongoStore.create({ client: own, dbName: DATABASE, autoRemove: 'disabled' })
        t.after(() => store.close())
        await store.set('warm', makeSession())
        await client.db('admin').command({
          configureFailPoint: 'failCommand', mode: 'alwaysOn', data: { failCommands: ['update', 'delete'], ...data }
        })
        const set = id => store.set(id, makeSession({ secret: `secret of ${id}` })).catch(error => error)
        const alone = await set('alone')
        // Two leave by themselves; those behind them leave together.
        const grouped = await Promise.all(Array.from({ length: 20 }, (_, n) => set(`member-${n}`)))
        const { operations, commands } = await store.stats()
        assert.ok(commands.update < operations.set, 'some left together')
        for (const error of grouped) {
          assert.deepEqual(
            [error.name, error.code, error.codeName, error.errorLabels, withoutNumbers(error.message)],
            [alone.name, alone.code, alone.codeName, alone.errorLabels, withoutNumbers(alone.message)])
          assert.equal(Object.getPrototypeOf(error), Object.getPrototypeOf(alone))
          assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /secret of|member-/)
        }
      })
    }
  }
})
