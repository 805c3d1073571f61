'use strict'

// A connection that breaks costs the operations that arrive next no more than it costs the Node.js driver's.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { startStandalone } = require('../helpers/mongod')
const { Proxy } = require('../helpers/proxy')
const { makeSession, MongoStore } = require('../helpers/stores')

describe('a connection that is cut', () => {
  let server
  let proxy
  let store

  before(async () => {
    server = await startStandalone()
    proxy = await Proxy.start(server.port)
    store = MongoStore.create({ mongoUrl: `mongodb://${proxy.host}/`, dbName: 'cut', autoRemove: 'disabled' })
  })
  after(async () => {
    await store?.close()
    await proxy?.stop()
    await server?.stop()
  })

  // A monitor that sleeps for half a second makes each of them slow; one that has just checked, only one.
  test('delays what is called then by far less than half a second', async () => {
    await store.set('a', makeSession({ n: 1 }))
    const delays = []
    for (let round = 0; round < 5; round++) {
      await sleep(700)
      proxy.cut('sessions')
      await sleep(5)
      const started = Date.now()
      assert.equal((await store.get('a')).n, 1)
      delays.push(Date.now() - started)
    }
    assert.ok(Math.min(...delays) < 250, `${delays} ms`)
  })
})
