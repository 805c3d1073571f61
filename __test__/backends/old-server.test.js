'use strict'

const assert = require('node:assert/strict')
const { after, before, test } = require('node:test')

const { startOldServer } = require('../helpers/old-server')
const { makeSession, MongoStore } = require('../helpers/stores')

let server

before(async () => { server = await startOldServer() })
after(() => server.stop())

test('a server that is too old is an error at once, which names the way out', async () => {
  const store = MongoStore.create({ mongoUrl: server.url, autoRemove: 'disabled' })
  const started = Date.now()
  const operations = [store.get('a'), store.set('a', makeSession()), store.length()]
  const expected = { name: 'MongoCompatibilityError', message: /4\.4.*backend: 'driver'/ }
  await Promise.all(operations.map(operation => assert.rejects(operation, expected)))
  assert.ok(Date.now() - started < 10_000)
  await store.close()
})
