'use strict'

// Commands that fail, are refused or stay away, made so by the server's own fail points.

const assert = require('node:assert/strict')
const { after, afterEach, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startReplicaSet, startStandalone } = require('../helpers/mongod')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

const args = ['--setParameter', 'enableTestCommands=1']
const APP = 'retries-test'

for (const [topology, start] of Object.entries({
  'standalone server': () => startStandalone({ args }),
  'replica set': () => startReplicaSet({ count: 1, args })
})) {
  const isSet = topology === 'replica set'

  describe(`on a ${topology}`, () => {
    let server
    let client
    const stores = []

    before(async () => {
      server = await start()
      client = await MongoClient.connect(server.uri)
    })
    afterEach(() => failCommands('off'))
    after(async () => {
      await Promise.all(stores.map(store => store.close()))
      await client?.close()
      await server?.stop()
    })

    function failCommands (mode, data) {
      const failPoint = { configureFailPoint: 'failCommand', mode, data: { appName: APP, ...data } }
      return client.db('admin').command(mode === 'off' ? { configureFailPoint: 'failCommand', mode } : failPoint)
    }

    /** A store that is connected and has nothing left to do. */
    async function open (options, mongoOptions) {
      const store = MongoStore.create({
        mongoUrl: server.uri,
        dbName: DATABASE,
        collectionName: 'retries',
        autoRemove: 'disabled',
        mongoOptions: { appName: APP, ...mongoOptions },
        ...options
      })
      stores.push(store)
      await store.clear()
      // After an outage the engine looks at the server once more, and may take what has come by then.
      await sleep(100)
      return store
    }

    const sets = (store, count) =>
      Promise.allSettled(Array.from({ length: count }, (_, n) => store.set(`id-${n}`, makeSession({ n }))))
    const updates = async store => (await store.stats()).commands.update

    test('a get is tried again until it succeeds', async () => {
      const store = await open()
      await store.set('a', makeSession({ n: 1 }))
      await failCommands({ times: 3 }, { failCommands: ['find'], closeConnection: true })
      assert.equal((await store.get('a')).n, 1)
      if (!isSet) return
      await failCommands({ times: 3 }, { failCommands: ['find'], errorCode: 11602 }) // a step-down
      assert.equal((await store.get('a')).n, 1)
    })

    test('an error that a new attempt would repeat is reported at once', async () => {
      const store = await open()
      await failCommands({ times: 1 }, { failCommands: ['find'], errorCode: 13 })
      await assert.rejects(store.get('a'), { name: 'MongoServerError', code: 13 })
      await failCommands({ times: 1 }, { failCommands: ['update'], errorCode: 13 })
      await assert.rejects(store.set('a', makeSession()), { name: 'MongoServerError', code: 13 })
    })

    test('a set whose connection breaks is sent again', async () => {
      const store = await open()
      const created = []
      store.on('create', sid => created.push(sid))
      await failCommands({ times: 1 }, { failCommands: ['update'], closeConnection: true })
      await store.set('a', makeSession({ n: 1 }))
      assert.equal((await store.get('a')).n, 1)
      assert.deepEqual(created, ['a'])
    })

    test(`a set that keeps failing ${isSet ? 'is sent until it succeeds' : 'fails at the second time'}`, async () => {
      const store = await open()
      await failCommands({ times: 4 }, { failCommands: ['update'], closeConnection: true })
      if (isSet) {
        await store.set('a', makeSession({ n: 1 }))
        assert.equal((await store.get('a')).n, 1)
      } else {
        await assert.rejects(store.set('a', makeSession()), { name: 'MongoNetworkError' })
      }
    })

    test('with w: 0 a set whose connection breaks is not sent again', async () => {
      const store = await open({ writeOperationOptions: { w: 0 } })
      await failCommands({ times: 1 }, { failCommands: ['update'], closeConnection: true })
      await assert.rejects(store.set('unacknowledged', makeSession()), { name: 'MongoNetworkError' })
      assert.equal(await store.get('unacknowledged'), null)
    })

    test('a batch that is refused before it is carried out is split to find the culprit', async () => {
      // With one connection, what is called at once leaves in one command.
      const store = await open({}, { maxPoolSize: 1 })
      // FailedToParse, once for a whole batch: its halves are then accepted.
      const before = await updates(store)
      await failCommands({ times: 1 }, { failCommands: ['update'], errorCode: 9 })
      for (const { status } of await sets(store, 128)) assert.equal(status, 'fulfilled')
      assert.equal(await updates(store) - before, 3)
      // And again and again, down to single sets.
      await failCommands('alwaysOn', { failCommands: ['update'], errorCode: 9 })
      for (const { reason } of await sets(store, 8)) assert.equal(reason.code, 9)
      assert.equal(await updates(store) - before, 3 + 1 + 2 + 4 + 8)
    })

    test('an error of one statement is that statement\'s alone', async () => {
      const store = await open()
      await client.db(DATABASE).collection('retries').createIndex({ session: 1 }, { unique: true })
      const same = { cookie: {}, same: true }
      const outcomes = await Promise.allSettled([
        store.set('secret-session-id-1', same), store.set('secret-session-id-2', same), store.set('c', makeSession())
      ])
      await client.db(DATABASE).collection('retries').dropIndexes()
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected'])
      const { reason } = outcomes.find(({ status }) => status === 'rejected')
      assert.equal(reason.name, 'MongoServerError')
      assert.equal(reason.code, 11000)
      assert.doesNotMatch(`${reason.message} ${reason.stack} ${JSON.stringify(reason)}`, /secret-session-id|same/)
    })

    test('a write concern that is not met is the error of everyone in the command', async () => {
      const store = await open()
      const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
      await failCommands({ times: 1 }, { failCommands: ['update'], writeConcernError })
      await assert.rejects(store.set('a', makeSession()), { name: 'MongoServerError', code: 64 })
    })

    // A replica set reads its sessions' history with finds of its own, which would fail too.
    if (!isSet) {
      test('a touch succeeds if it cannot be known whether its row is there', async () => {
        const store = await open()
        await store.set('here', makeSession())
        // The window has room for two commands, with one touch each. The other two touches share a
        // third, whose reply has only the sum of their matches.
        const touch = () => Promise.allSettled(['x', 'y', 'here', 'gone'].map(id => store.touch(id, makeSession())))
        const decided = await touch()
        assert.match(decided[3].reason.message, /Unable to find the session to touch/)
        await failCommands('alwaysOn', { failCommands: ['find'], errorCode: 13 })
        const undecided = await touch()
        assert.deepEqual(undecided.slice(2).map(({ status }) => status), ['fulfilled', 'fulfilled'])
      })
    }

    if (isSet) {
      test('a late write changes nothing that was written after it', async () => {
        const store = await open({ operationTimeoutMS: 500 })
        await store.set('a', makeSession({ n: 0 }))
        const stuck = { name: 'MongoOperationTimeoutError', message: /outcome unknown/ }
        await failCommands({ times: 2 }, { failCommands: ['update'], blockConnection: true, blockTimeMS: 2500 })
        const first = assert.rejects(store.set('a', makeSession({ n: 1 })), stuck)
        await sleep(200)
        // Its session is the last to come free, and the one that any other write would take.
        await Promise.all([first, assert.rejects(store.set('b', makeSession()), stuck)])
        await sleep(300)
        await store.set('a', makeSession({ n: 2 }))
        await sleep(3000)
        assert.equal((await store.get('a')).n, 2)
      })
    }

    test('a slow set is not overtaken by the next one of its id', async () => {
      const store = await open()
      await failCommands({ times: 1 }, { failCommands: ['update'], blockConnection: true, blockTimeMS: 500 })
      const slow = store.set('a', makeSession({ n: 1 }))
      await sleep(100)
      await store.set('other', makeSession()) // the window has room for another command
      await Promise.all([slow, store.set('a', makeSession({ n: 2 }))])
      assert.equal((await store.get('a')).n, 2)
    })

    test('two commands that never return do not stop the store', async () => {
      const store = await open({ operationTimeoutMS: 1000 })
      await failCommands({ times: 2 }, { failCommands: ['find'], blockConnection: true, blockTimeMS: 3000 })
      const stuck = Promise.allSettled([store.get('a'), sleep(50).then(() => store.get('b'))])
      await sleep(200)
      assert.equal(await store.get('c'), null)
      for (const { reason } of await stuck) assert.equal(reason.name, 'MongoOperationTimeoutError')
    })
  })
}
