'use strict'

// Wrong credentials: no operation waits for what waiting does not mend, and no store inherits a failure.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

describe('wrong credentials', () => {
  let server
  let admin

  before(async () => {
    server = await startStandalone({ users: [] })
    admin = await MongoClient.connect(server.rootUri)
  })
  after(async () => {
    await admin?.close()
    await server?.stop()
  })

  const backends = {
    core: url => ({ mongoUrl: url }),
    "backend: 'driver'": url => ({ mongoUrl: url, backend: 'driver' })
  }
  for (const [name, connection] of Object.entries(backends)) {
    test(`${name}: every operation fails at once, and a store that is opened when they are right works`, async () => {
      const user = `user-${Object.keys(backends).indexOf(name)}`
      const url = `mongodb://${user}:right@${server.host}/${DATABASE}`
      const open = () => MongoStore.create({ ...connection(url), autoRemove: 'disabled' })
      const store = open()
      for (let n = 0; n < 4; n++) {
        const started = Date.now()
        await assert.rejects(store.get('a'), { name: 'MongoServerError', code: 18 })
        // It was 10 s from the second one on; a new attempt takes some ms.
        assert.ok(Date.now() - started < 3000, `operation ${n} took ${Date.now() - started} ms`)
      }
      await admin.db(DATABASE).command({ createUser: user, pwd: 'right', roles: ['readWrite'] })
      const other = open()
      await other.set('a', makeSession({ n: 1 }))
      assert.equal((await store.get('a')).n, 1, 'the first one, too, tries again')
      await Promise.all([store.close(), other.close()])
    })
  }
})
