'use strict'

// A claim whose reply was not the last word: on a replica set the resent one returns the same row.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { startReplicaSet } = require('../helpers/mongod')
const { DATABASE, MongoStore } = require('../helpers/stores')

const APP = 'claim-retries-test'

describe('a claim of an expired session', () => {
  let server
  let client

  before(async () => {
    server = await startReplicaSet({ count: 1, args: ['--setParameter', 'enableTestCommands=1'] })
    client = await MongoClient.connect(server.uri)
  })
  after(async () => {
    await client?.close()
    await server?.stop()
  })

  const backends = {
    native: () => ({ mongoUrl: server.uri, mongoOptions: { appName: APP } }),
    borrowed: () => ({ client: new MongoClient(server.uri, { appName: APP }) })
  }
  const trouble = {
    'a cut connection': { closeConnection: true },
    'a primary that steps down': { errorCode: 10107, errorLabels: ['RetryableWriteError'] },
    'a primary that steps down when it is carried out': {
      writeConcernError: { code: 91, errmsg: 'stopping' }, errorLabels: ['RetryableWriteError']
    }
  }

  for (const [name, connection] of Object.entries(backends)) {
    for (const [what, data] of Object.entries(trouble)) {
      test(`${name}: ${what} costs no event, and doubles none`, async () => {
        const collectionName = 'claim-retries'
        const rows = client.db(DATABASE).collection(collectionName)
        const store = MongoStore.create({
          ...connection(), dbName: DATABASE, collectionName, autoRemove: 'interval'
        })
        const heard = []
        store.on('expire', id => heard.push(id))
        await store.ping()
        const ids = ['a', 'b', 'c', 'd']
        await rows.insertMany(ids.map(_id => ({ _id, session: '{}', expires: new Date(0) })))
        await client.db('admin').command({
          configureFailPoint: 'failCommand',
          mode: { times: 1 },
          data: { appName: APP, failCommands: ['findAndModify'], ...data }
        })
        assert.equal(await store.sweep(), 4)
        assert.deepEqual(heard.sort(), ids)
        assert.equal(await rows.countDocuments({}), 0)
        await store.close()
      })
    }
  }
})
