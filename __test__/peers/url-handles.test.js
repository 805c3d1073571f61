'use strict'

// What apps reach for past a store by URL, with every driver that they may have installed: used at once, with
// callbacks and with promises.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')

const { runScript } = require('../helpers/child')
const { installedApp, ownPackage } = require('../helpers/installed-app')
const { startStandalone } = require('../helpers/mongod')
const { peerFolder } = require('../helpers/peers')

/** `old`: it knows no later server than 5.0. */
const DRIVERS = {
  'mongodb-2.0': { old: true },
  'mongodb-2': { old: true },
  'mongodb-3': {},
  'mongodb-4': {},
  'mongodb-5': {},
  'mongodb-6': {},
  mongodb: {}
}

const PRELUDE = `
  const assert = require('node:assert/strict')
  const session = require('express-session')
  const MongoStore = require('connect-mongo-native')
  const LegacyStore = MongoStore(session)
  const url = process.env.APP_URL
  const backend = process.env.BACKEND
  const row = { cookie: {}, n: 1 }
  const app = setInterval(() => {}, 1e6)
  const done = () => {
    clearInterval(app)
    console.log('done')
  }
  const called = (object, method, ...args) => new Promise((resolve, reject) => {
    object[method](...args, (error, value) => error ? reject(error) : resolve(value))
  })
`

describe('handles of a URL', () => {
  const servers = {}
  const apps = []
  before(async () => {
    [servers.old, servers.new] = await Promise.all([startStandalone({ old: true }), startStandalone()])
  })
  after(async () => {
    for (const app of apps) app.remove()
    await Promise.all([servers.old?.stop(), servers.new?.stop()])
  })

  for (const [name, { old = false }] of Object.entries(DRIVERS)) {
    describe(name, () => {
      let app
      before(() => {
        const mongodb = name === 'mongodb' ? ownPackage(name) : peerFolder(name)
        app = installedApp({ mongodb, 'express-session': ownPackage('express-session') })
        apps.push(app)
      })

      /** Runs a script in an app that has this driver. `uri`: in place of a server's own. */
      async function run (script, { backend = 'native', uri = `${servers[old ? 'old' : 'new'].uri}?authSource=admin` } = {}) {
        const { stdout, stderr, code } = await runScript(PRELUDE + script, {
          cwd: app.folder, env: { APP_URL: uri, BACKEND: backend, NODE_NO_WARNINGS: '1' }
        })
        assert.deepEqual({ stdout, stderr, code }, { stdout: 'done\n', stderr: '', code: 0 })
      }

      for (const backend of ['native', 'driver']) {
        test(`${backend}: db and collection, in the listener of 'connected'`, () => run(`
          const store = new LegacyStore({ url, backend, collection: 'handles' })
          store.once('connected', () => {
            const { db, collection } = store
            const { Db, Collection } = require('mongodb')
            assert.equal(db.databaseName, 'test')
            assert.deepEqual([collection.collectionName, collection.namespace], ['handles', 'test.handles'])
            assert.ok(db instanceof Db && collection instanceof Collection)
            assert.equal(store.db, db)
            store.set('a', row).then(async () => {
              const chained = [
                called(collection, 'findOne', { _id: 'a' }),
                called(db.collection('handles').find({ _id: 'a' }).limit(1), 'toArray'),
                called(db, 'collection', 'handles').then(collection => called(collection, 'find', { _id: 'a' }))
                  .then(cursor => called(cursor, 'toArray')),
                db.collection('handles').findOne({ _id: 'a' }),
                collection.find({ _id: 'a' }).sort({ _id: 1 }).toArray(),
                store.client.db('test').collection('handles').find({}).toArray()
              ]
              const ids = (await Promise.all(chained)).map(found => [found].flat()[0]._id)
              assert.deepEqual(ids, ['a', 'a', 'a', 'a', 'a', 'a'])
              await called(store.collection, 'deleteOne', { _id: 'a' })
              assert.equal(await store.get('a'), undefined)
              await store.close()
              done()
            })
          })`, { backend }))

        test(`${backend}: promises of connect-mongo 4 to 6`, () => run(`
          const store = MongoStore.create({ mongoUrl: url, backend, collectionName: 'promises' })
          store.collectionP.then(async collection => {
            await store.set('a', row)
            assert.equal((await collection.findOne({ _id: 'a' }))._id, 'a')
            assert.equal((await store.clientP).db('test').databaseName, 'test')
            await store.close()
            done()
          })`, { backend }))

        test(`${backend}: while there is no server, calls fail, and later ones succeed`, () => run(`
          const net = require('node:net')
          const { port } = new URL(url)
          const reserved = net.createServer().listen(0, '127.0.0.1', () => {
            const own = reserved.address().port
            reserved.close(async () => {
              const mongoOptions = require('mongodb/package.json').version > '3' ? { serverSelectionTimeoutMS: 300 } : {}
              const store = new LegacyStore({
                url: url.replace(port, own), backend, collection: 'late', mongoOptions, autoRemove: 'disabled'
              })
              const { collection } = store
              collection.find({}) // nobody looks at it: no unhandled rejection
              await assert.rejects(called(collection, 'findOne', {}), /ECONNREFUSED|connect/)
              await assert.rejects(collection.findOne({}), /ECONNREFUSED|connect/)
              const proxy = net.createServer(socket => {
                const server = net.connect(port, '127.0.0.1')
                for (const [one, other] of [[socket, server], [server, socket]]) {
                  one.on('error', () => {}).on('close', () => other.destroy())
                }
                socket.pipe(server).pipe(socket)
              }).listen(own, '127.0.0.1')
              for (let tries = 1; ; tries++) {
                try {
                  assert.equal(await collection.findOne({ _id: 'none' }), null)
                  break
                } catch (error) {
                  if (tries === 20) throw error
                  await new Promise(resolve => setTimeout(resolve, 300))
                }
              }
              await store.close()
              proxy.close()
              done()
            })
          })`, { backend }))
      }

      test('of a store that has closed, they are not opened', () => run(`
        const store = new LegacyStore({ url, collection: 'closed' })
        store.close().then(() => {
          assert.throws(() => store.db, /the store has been closed/)
          done()
        })`))
    })
  }
})
