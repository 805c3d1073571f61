'use strict'

// Stores on connections of every Mongoose that connect-mongo's apps have had: the connection examples of its
// document, as printed, and what comes before a connection is open.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')

const { startStandalone } = require('../helpers/mongod')
const { connectionsOf, MONGOOSES, requirePeer } = require('../helpers/peers')
const { ttlIndex, within } = require('../helpers/rows')
const { DATABASE, LegacyStore, makeSession, MongoStore } = require('../helpers/stores')

describe('Mongoose', () => {
  const servers = {}
  before(async () => {
    [servers.old, servers.new] = await Promise.all([startStandalone({ old: true }), startStandalone()])
  })
  after(() => Promise.all([servers.old?.stop(), servers.new?.stop()]))

  for (const [name, { old = false, options }] of Object.entries(MONGOOSES)) {
    const { Mongoose } = requirePeer(name)
    const url = () => `${servers[old ? 'old' : 'new'].uri}${DATABASE}`
    const newMongoose = () => {
      const mongoose = new Mongoose()
      mongoose.Promise = Promise // Mongoose 4 warns of its own
      return mongoose
    }

    describe(name, () => {
      const ways = {
        'the default connection, as the document has it': mongoose => {
          mongoose.connect(url(), options)
          return { mongooseConnection: mongoose.connection }
        },
        'a connection of its own, as the document has it': mongoose => {
          const connection = mongoose.createConnection(url(), options)
          return { mongooseConnection: connection }
        },
        'one that is open': async mongoose => {
          mongoose.connect(url(), options)
          await within(5000, () => mongoose.connection.readyState === 1)
          return { mongooseConnection: mongoose.connection }
        },
        'one that is opened later': mongoose => {
          setTimeout(() => mongoose.connect(url(), options), 200)
          return { mongooseConnection: mongoose.connection }
        },
        'a Mongoose instance': mongoose => {
          mongoose.connect(url(), options)
          return { mongooseConnection: mongoose }
        },
        'by the name of 0.x': mongoose => {
          mongoose.connect(url(), options)
          return { mongoose_connection: mongoose.connection }
        }
      }

      for (const [way, open] of Object.entries(ways)) {
        test(way, async () => {
          const collection = `${name} ${way}`
          const store = new LegacyStore({ ...await open(newMongoose()), collection })
          const connected = new Promise(resolve => store.once('connected', resolve))
          await Promise.all(['a', 'b'].map(id => store.set(id, makeSession({ id }))))
          await connected
          assert.equal(store.state, 'connected')
          assert.deepEqual((await Promise.all(['a', 'b'].map(id => store.get(id)))).map(({ id }) => id), ['a', 'b'])
          assert.deepEqual(await store.ids(), ['a', 'b'])
          await store.destroy('a')
          assert.equal(await store.length(), 1)
          assert.equal(store.db.databaseName, DATABASE)
          assert.equal(store.collection.collectionName, collection)
          assert.equal(store.client.readyState, 1)
          assert.ok(await ttlIndex(store.collection))
          await store.close()
          assert.equal(store.client.readyState, 0)
        })
      }

      test('the server sees the app\'s connections only, and a find for many gets', async () => {
        const mongoose = newMongoose()
        mongoose.connect(url(), options)
        await within(5000, () => mongoose.connection.readyState === 1)
        const admin = mongoose.connection.db.admin()
        await Promise.all(Array.from({ length: 20 }, () => admin.command({ ping: 1 }))) // fills the pool
        const before = await connectionsOf(admin)
        const store = new LegacyStore({ mongooseConnection: mongoose.connection, autoRemove: 'disabled' })
        await Promise.all(Array.from({ length: 128 }, (_, n) => store.set(`id-${n}`, makeSession({ n }))))
        const queries = async () => (await admin.command({ serverStatus: 1 })).opcounters.query
        const queriesBefore = await queries()
        await Promise.all(Array.from({ length: 128 }, (_, n) => store.get(`id-${n}`)))
        assert.ok(await queries() - queriesBefore <= 8)
        assert.equal(await connectionsOf(admin), before)
        await store.close()
      })

      if (!old) {
        test('getClient(), in the connection\'s own database', async () => {
          const mongoose = newMongoose()
          const connection = mongoose.createConnection(servers.new.uri, { ...options, dbName: `${DATABASE}-own` })
          await within(5000, () => connection.readyState === 1)
          requirePeer(name).connections.push(connection) // as an app's own Mongoose has it
          const store = MongoStore.create({ client: connection.getClient(), collectionName: name })
          await store.set('a', makeSession())
          assert.ok(await connection.db.collection(name).findOne({ _id: 'a' }))
          assert.equal((await store.collectionP).dbName, `${DATABASE}-own`)
          await store.close()
        })
      }
    })
  }
})
