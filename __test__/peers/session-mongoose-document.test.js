'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { MONGOOSES, requirePeer } = require('../helpers/peers')
const { within } = require('../helpers/rows')
const { callback, DATABASE, makeSession, testUrl } = require('../helpers/stores')

// The code of session-mongoose's document (0.5.2), as printed but for the module's name and the server's
// address, with the Connect 2 and Express 3 of its time and every Mongoose. In a database of its own:
// connect-mongo's document has its `sessions` too.

const url = testUrl().replace(DATABASE, `${DATABASE}-session-mongoose`)
const client = new MongoClient(url)
const db = client.db()
const stores = []

before(() => db.dropDatabase())
after(async () => {
  await Promise.all(stores.map(store => store.close()))
  await db.dropDatabase()
  await client.close()
})

const PEERS = { connect: 'connect-2', express: 'express-3' }
const express = requirePeer('express-3')

/**
 * Runs code of the document with `context` as its variables. `module`: what takes session-mongoose's place.
 * `address`: the server's. Returns its store.
 */
function run (code, { module, address = url, ...context }) {
  const given = {
    require: name => {
      if (name === 'session-mongoose') return require(module)
      return name === 'mongoose' ? context.mongoose : requirePeer(PEERS[name])
    },
    ...context
  }
  const text = code.replace(/mongodb:\/\/localhost\/\w+/g, address)
  const store = new Function(...Object.keys(given), `${text}\nreturn store`)(...Object.values(given))
  stores.push(store)
  return store
}

const CONNECT = `
var connect = require('connect');
var SessionStore = require("session-mongoose")(connect);
var store = new SessionStore({
    url: "mongodb://localhost/session",
    interval: 120000 // expiration check worker run interval in millisec (default: 60000)
});
`

const EXPRESS = `
var express = require("express");
var SessionStore = require("session-mongoose")(express);
var store = new SessionStore({
    url: "mongodb://localhost/session",
    interval: 120000 // expiration check worker run interval in millisec (default: 60000)
});
app.use(express.session({
    store: store,
    cookie: { maxAge: 900000 } // expire session in 15 min or 900 seconds
}));
`

const CONNECTION = `
var mongoose = require("mongoose");
mongoose.connect("mongodb://localhost/mysessionstore");

var SessionStore = require("session-mongoose")(express);
var store = new SessionStore({
    interval: 120000, // expiration check worker run interval in millisec (default: 60000)
    connection: mongoose.connection // <== custom connection
});
`

const SWEEPER = `
var SessionStore = require("session-mongoose")(express);
var store = new SessionStore({
    sweeper: false,
    connection: mongoose.connection // <== custom connection
});
`

const MODEL_NAME = `
var store = new SessionStore({
    modelName: "Foobar" // collection name will be "foobars"
});
`

const TTL = `
var store = new SessionStore({
    connection: mongoose.connection, // <== custom connection
    ttl: 3600 // session expires in 60 minutes
});
`

const DROP = `
// this wipes all sessions
model.collection.drop(function (err) { console.log(err); });
`

const MIGRATION_NOTE = `${CONNECT}
var model = store.model; // Mongoose model for session
${DROP}`

const MODULES = ['connect-mongo-native', 'connect-mongo-native/session-mongoose']

for (const module of MODULES) {
  describe(`session-mongoose's document, by ${module}`, () => {
    const SessionStore = require(module)(require('express-session'))

    test('create session store', async () => {
      const store = await run(CONNECT, { module })
      assert.deepEqual(await callback(store, 'set', 'created', makeSession({ n: 1 })), [null, 1])
      const row = await db.collection('sessions').findOne({ sid: 'created' })
      assert.equal(row.data.n, 1)
      assert.equal((await callback(store, 'get', 'created'))[1].n, 1)
    })

    test('configure Express', async t => {
      // Else a cookie's maxAge, which is its date less the clock's, may be found a millisecond less.
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
      const app = express()
      app.use(express.cookieParser('secret'))
      const store = await run(EXPRESS, { module, app })
      app.get('/', (req, res) => {
        req.session.views = (req.session.views ?? 0) + 1
        res.json({ sid: req.sessionID, views: req.session.views, maxAge: req.session.cookie.originalMaxAge })
      })
      const server = require('node:http').createServer(app).listen(0)
      await once(server, 'listening')
      const visit = async cookie => {
        const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { cookie } })
        return { ...await response.json(), cookie: response.headers.get('set-cookie')?.split(';')[0] }
      }
      try {
        const first = await visit('')
        const second = await visit(first.cookie)
        assert.deepEqual([second.sid, second.views, second.maxAge], [first.sid, 2, 900_000])
        const row = await db.collection('sessions').findOne({ sid: first.sid })
        assert.equal(row.data.views, 2)
        assert.ok(Math.abs(row.expires - Date.now() - 900_000) < 60_000)
        assert.equal(await store.destroy(first.sid), 1)
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })

    test('custom session model name', async () => {
      const code = MODEL_NAME.replace('{', `{ url: ${JSON.stringify(url)},`)
      const store = await run(code, { module, SessionStore })
      await store.set('named', makeSession())
      assert.equal(await db.collection('foobars').countDocuments({ sid: 'named' }), 1)
    })

    test('version 0.2 migration note', async () => {
      const logged = new Promise(resolve => {
        run(MIGRATION_NOTE, { module, console: { log: resolve } })
      })
      assert.equal(await logged, null)
      assert.equal(await db.collection('sessions').countDocuments(), 0)
    })
  })
}

describe("session-mongoose's document, on a connection of", () => {
  const servers = {}
  before(async () => {
    [servers.old, servers.new] = await Promise.all([startStandalone({ old: true }), startStandalone()])
  })
  after(() => Promise.all([servers.old?.stop(), servers.new?.stop()]))

  for (const [name, { old = false }] of Object.entries(MONGOOSES)) {
    for (const module of MODULES) {
      describe(`${name}, by ${module}`, () => {
        const SessionStore = require(module)(express)
        let mongoose, address
        /** What the app's own Mongoose finds where session-mongoose has its rows. */
        const rows = () => mongoose.connection.db.collection('sessions')

        before(() => {
          mongoose = new (requirePeer(name).Mongoose)()
          mongoose.Promise = Promise // Mongoose 4 warns of its own
          address = `${servers[old ? 'old' : 'new'].uri}${name.replace('.', '-')}`
        })
        after(() => mongoose.disconnect())

        test('using custom connection', async () => {
          const store = run(CONNECTION, { module, address, mongoose, express })
          const maxAge = 60_000
          assert.deepEqual(await callback(store, 'set', 'a', makeSession({ n: 1 }, maxAge)), [null, 1])
          const row = await rows().findOne({ sid: 'a' })
          assert.equal(row.data.n, 1)
          assert.ok(Math.abs(row.expires - Date.now() - maxAge) < 10_000)
          assert.equal((await callback(store, 'get', 'a'))[1].n, 1)
          await store.touch('a', makeSession({}, 2 * maxAge))
          assert.ok((await rows().findOne({ sid: 'a' })).expires > row.expires)
          const sids = Array.from({ length: 40 }, (_, n) => `s${n}`)
          await Promise.all(sids.map(sid => store.set(sid, makeSession({ sid }, null))))
          assert.deepEqual((await Promise.all(sids.map(sid => store.get(sid)))).map(({ sid }) => sid), sids)
          assert.deepEqual((await store.all()).sort(), ['a', ...sids].sort())
          assert.deepEqual(await Promise.all(['a', 'nobody'].map(sid => store.destroy(sid))), [1, 0])
          const indexes = await within(5000, async () => {
            const names = (await rows().indexes()).map(({ name }) => name)
            return names.length === 4 && names.sort()
          })
          assert.deepEqual(indexes, ['_id_', 'expires_1', 'sid_1', 'sid_1_expires_1'])
          await store.close()
          assert.equal(mongoose.connection.readyState, 1, 'the connection is the app\'s')
        })

        test('turning off the sweeper', async () => {
          const expired = { sid: 'expired', data: {}, expires: new Date(1000) }
          await rows().insertOne({ ...expired })
          const store = run(SWEEPER.replace('{', '{ interval: 20,'), { module, mongoose, express })
          await store.ping()
          await sleep(200)
          assert.equal(store.sweeps, 0)
          assert.equal(await rows().countDocuments?.({ sid: 'expired' }) ?? 1, 1)
          const sweeping = run(SWEEPER.replace('false', 'true, interval: 20'), { module, mongoose, express })
          assert.ok(await within(5000, async () => await rows().findOne({ sid: 'expired' }) === null))
          assert.ok(await within(1000, () => sweeping.sweeps > 0))
          await sweeping.close()
        })

        test('store.model is of the connection, and dropped as in the migration note', async () => {
          const store = run(SWEEPER, { module, mongoose, express })
          const { model } = store
          assert.equal(model, mongoose.model('Session'))
          await store.set('a', makeSession({ n: 1 }))
          assert.equal((await model.findOne({ sid: 'a' })).data.n, 1)
          const errors = await new Promise(resolve => {
            new Function('model', 'console', DROP)(model, { log: (...args) => resolve(args) })
          })
          assert.deepEqual(errors, [null])
          assert.equal(await store.length(), 0)
        })

        test('dropped as in the migration note while the connection is being opened', async () => {
          const late = new (requirePeer(name).Mongoose)()
          late.Promise = Promise
          const store = run(CONNECTION, { module, address, mongoose: late, express })
          const errors = await new Promise(resolve => {
            new Function('model', 'console', DROP)(store.model, { log: (...args) => resolve(args) })
          })
          assert.deepEqual(errors, [null])
          await store.set('fresh', makeSession())
          await sleep(50)
          assert.ok(await store.get('fresh'))
          assert.equal((await rows().indexes()).length, 4)
          await store.close()
          await late.disconnect()
        })

        test('TTL support', async () => {
          await rows().drop().catch(() => {})
          const store = run(TTL, { module, mongoose, SessionStore })
          await store.set('used', makeSession())
          const row = await rows().findOne({ sid: 'used' })
          assert.ok(row.usedAt instanceof Date)
          assert.ok(!('expires' in row))
          await sleep(20)
          await store.touch('used', makeSession())
          assert.ok((await rows().findOne({ sid: 'used' })).usedAt > row.usedAt)
          const index = await within(5000, async () =>
            (await rows().indexes()).find(({ name }) => name === 'usedAt_1'))
          assert.equal(index.expireAfterSeconds, 3600)
          await store.close()
          await rows().drop()
        })
      })
    }
  }
})

test('as in books: Connect 3 for the store, express-session for the app, and a first try that is thrown away', async () => {
  const MongoSessionStore = require('connect-mongo-native/session-mongoose')(requirePeer('connect-3'))
  try { stores.push(new MongoSessionStore()) } catch { /* as printed */ }
  const store = new MongoSessionStore({ url })
  stores.push(store)
  assert.ok(store instanceof require('express-session').Store)
  assert.equal(await store.set('book', makeSession()), 1)
})
