'use strict'

// A write that is never answered may have been carried out. A read has no outcome that could be unknown, even
// if it waits for such a write.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { makeSession, MongoStore } = require('../helpers/stores')

/** Monitoring notices within a second or two that a server does not reply. */
const VIGILANT = { heartbeatFrequencyMS: 500, connectTimeoutMS: 500 }

const READS = {
  get: store => store.get('a'),
  'get of another session': store => store.get('b'),
  all: store => store.all(),
  ids: store => store.ids(),
  length: store => store.length(),
  ping: store => store.ping()
}
const WRITES = {
  set: store => store.set('a', makeSession()),
  touch: store => store.touch('c', makeSession()),
  destroy: store => store.destroy('d')
}

describe('of operations that a server leaves unanswered, only writes have an unknown outcome', () => {
  let server
  before(async () => { server = await startStandalone() })
  after(() => server?.stop())

  const options = { autoRemove: 'disabled', operationTimeoutMS: 4000 }
  const ways = {
    'by URL': uri => MongoStore.create({ mongoUrl: uri, mongoOptions: VIGILANT, ...options }),
    'by URL, until the deadline': uri => MongoStore.create({ mongoUrl: uri, ...options }),
    'by URL, encrypted': uri => MongoStore.create({ mongoUrl: uri, crypto: { secret: 's' }, ...options }),
    'a client': uri => MongoStore.create({ client: new MongoClient(uri, VIGILANT), ...options }),
    'a client, until the deadline': uri => MongoStore.create({ client: new MongoClient(uri), ...options }),
    'dialled by the driver': uri => MongoStore.create({ mongoUrl: uri, backend: 'driver', ...options })
  }
  for (const [kind, { stop, start }] of Object.entries({
    'a server that freezes': { stop: () => server.freeze(), start: () => server.thaw() },
    'a server that dies': { stop: () => server.kill(), start: () => server.restart() }
  })) {
    test(kind, async () => {
      const stores = Object.entries(ways).map(([way, open]) => ({ way, store: open(server.uri) }))
      await Promise.all(stores.map(({ store }) => store.set('a', makeSession())))
      const outcomes = []
      const call = operations => {
        for (const { way, store } of stores) {
          for (const [name, operation] of Object.entries(operations)) {
            outcomes.push(operation(store).then(() => null, error => ({ way, name, message: error.message })))
          }
        }
      }
      const stopped = stop()
      call(WRITES)
      await sleep(50)
      call(READS)
      await stopped
      await sleep(500)
      call(READS)
      const failures = (await Promise.all(outcomes)).filter(failure => failure !== null)
      await start()
      await Promise.all(stores.map(({ store }) => store.close()))
      const isUnknown = ({ message }) => /unknown/.test(message)
      assert.deepEqual(failures.filter(failure => failure.name in READS && isUnknown(failure)), [])
      const reads = failures.filter(({ name }) => name in READS)
      if (kind === 'a server that freezes') {
        assert.ok(reads.length > Object.keys(READS).length * stores.length, `${reads.length}`)
        // With heartbeats that notice, the driver has an error of its own.
        for (const { way } of stores.filter(({ way }) => way !== 'a client')) {
          assert.ok(failures.some(failure => failure.way === way && failure.name === 'set' && isUnknown(failure)), way)
        }
      }
    })
  }
})
