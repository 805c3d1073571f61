'use strict'

// A write that was given up and arrives at the server after all must not undo what was acknowledged since.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startReplicaSet } = require('../helpers/mongod')
const { Proxy } = require('../helpers/proxy')
const { makeSession, MongoStore } = require('../helpers/stores')

const TIMEOUT_MS = 400
const MARK = 'this session is held back'

describe('a set whose bytes are held back until its deadline has passed', () => {
  let set
  let proxy
  const clients = []

  before(async () => {
    set = await startReplicaSet({ count: 1 })
    proxy = await Proxy.start(set.members[0].port)
  })
  after(async () => {
    await Promise.all(clients.map(client => client.close()))
    await proxy?.stop()
    await set?.stop()
  })

  const connect = async () => {
    const client = await MongoClient.connect(`mongodb://${proxy.host}/?directConnection=true`)
    clients.push(client)
    return client
  }
  const backends = {
    core: () => ({ mongoUrl: `mongodb://${proxy.host}/?directConnection=true` }),
    borrowed: async () => ({ client: await connect() })
  }
  for (const [name, connection] of Object.entries(backends)) {
    for (const operation of ['destroy', 'set', 'clear']) {
      test(`${name}: does not undo a ${operation} that was acknowledged`, async () => {
        const store = MongoStore.create({
          ...await connection(), dbName: 'late-writes', autoRemove: 'disabled', operationTimeoutMS: TIMEOUT_MS
        })
        await store.set('warm', makeSession())
        proxy.hold(MARK)
        const late = store.set('a', makeSession({ text: MARK }))
        await assert.rejects(late, { name: 'MongoOperationTimeoutError', message: /outcome unknown/ })
        assert.equal(proxy.held, 1)
        const later = {
          destroy: () => store.destroy('a'), set: () => store.set('a', makeSession({ n: 2 })), clear: () => store.clear()
        }
        const acknowledged = await later[operation]().then(() => true, error => {
          assert.equal(error.name, 'MongoOperationTimeoutError')
          assert.match(error.message, operation === 'clear' ? /not sent/ : /not sent, since an earlier write/)
          return false
        })
        proxy.release()
        await sleep(300)
        const row = await (await connect()).db('late-writes').collection('sessions').findOne({ _id: 'a' })
        if (acknowledged) assert.notEqual(row?.session.includes(MARK), true, 'the late set has undone it')
        // It is over: the id is free.
        await store.destroy('a')
        assert.equal(await store.get('a'), null)
        await store.clear()
        await store.close()
      })
    }
  }
})
