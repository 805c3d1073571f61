'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { after, describe, test } = require('node:test')
const express = require('express')
const session = require('express-session')

const { gone, ttlIndex } = require('../helpers/rows')
const { makeSession, useCollection } = require('../helpers/stores')

// The code of connect-mongo's document (2.0.3), as it is printed but for the module's name and the server's
// address. The document's `sessions` collection is the default one; all options are tested by what they do,
// on a real server.

const { admin, keep, rows, url } = useCollection('sessions')

describe("connect-mongo's document", () => {
  const servers = []
  after(() => servers.forEach(server => server.close()))

  /** Serves an app as it is, and logs in once. Resolves to the stored row. */
  async function login (app) {
    app.get('/', (req, res) => {
      req.session.user = 'u'
      res.json(req.sessionID)
    })
    const server = app.listen(0)
    servers.push(server)
    await once(server, 'listening')
    const id = await (await fetch(`http://127.0.0.1:${server.address().port}/`)).json()
    return rows.findOne({ _id: id })
  }

  test('Express 4.x, 5.0 and Connect 3.x', async () => {
    const app = express()
    const options = { url }

    const session = require('express-session')
    const MongoStore = require('connect-mongo-native')(session)

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore(options))
    }))

    assert.equal(JSON.parse((await login(app)).session).user, 'u')
  })

  test('Express 2.x, 3.x and Connect 1.x, 2.x', async () => {
    const app = require('express')()
    // These had the session middleware on themselves.
    const express = { session }
    const options = { url }

    const MongoStore = require('connect-mongo-native')(express)

    app.use(express.session({
      secret: 'foo',
      store: keep(new MongoStore(options))
    }))

    assert.equal(JSON.parse((await login(app)).session).user, 'u')
  })

  const MongoStore = require('connect-mongo-native')(session)

  test('basic usage of a connection string', async () => {
    const app = express()

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({ url }))
    }))

    assert.ok(await login(app))
  })

  test('advanced usage of a connection string', async () => {
    const app = express()
    const advancedOptions = { appName: 'advanced-usage', serverSelectionTimeoutMS: 5000 }

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({
        url: `${url}?w=1`,
        mongoOptions: advancedOptions
      }))
    }))

    assert.ok(await login(app))
    const { inprog } = await admin.command({ currentOp: 1, $all: true })
    assert.ok(inprog.some(({ appName }) => appName === 'advanced-usage'))
  })

  test('events', async () => {
    const store = keep(new MongoStore({ url }))
    const events = []
    for (const name of ['create', 'touch', 'update', 'set', 'destroy']) {
      store.on(name, sessionId => events.push([name, sessionId]))
    }
    await store.set('event', makeSession())
    await store.touch('event', makeSession())
    await store.set('event', makeSession({ more: 1 }))
    await store.destroy('event')
    assert.deepEqual(events, [
      ['create', 'event'], ['set', 'event'], ['touch', 'event'], ['update', 'event'], ['set', 'event'],
      ['destroy', 'event']
    ])
  })

  test('session expiration', async () => {
    const app = express()

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({
        url,
        ttl: 14 * 24 * 60 * 60 // = 14 days. Default
      }))
    }))

    const { expires } = await login(app)
    assert.ok(Math.abs(expires - Date.now() - 14 * 24 * 60 * 60 * 1000) < 60_000)
  })

  test('each time a user interacts with the server, the expiration date is refreshed', async () => {
    const store = keep(new MongoStore({ url }))
    await store.set('interacts', makeSession({}, null))
    const before = (await rows.findOne({ _id: 'interacts' })).expires
    await new Promise(resolve => setTimeout(resolve, 20))
    await store.touch('interacts', makeSession({}, null))
    assert.ok((await rows.findOne({ _id: 'interacts' })).expires > before)
  })

  test('remove expired sessions: native', async () => {
    const app = express()

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({
        url,
        autoRemove: 'native' // Default
      }))
    }))

    assert.ok(await login(app))
    assert.equal((await ttlIndex(rows)).expireAfterSeconds, 0)
  })

  test('remove expired sessions: interval', async () => {
    const app = express()

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({
        url,
        autoRemove: 'interval',
        autoRemoveInterval: 10 // In minutes. Default
      }))
    }))

    assert.ok(await login(app))
  })

  test('remove expired sessions: disabled', async () => {
    const app = express()

    app.use(session({
      secret: 'foo',
      store: keep(new MongoStore({
        url,
        autoRemove: 'disabled'
      }))
    }))

    assert.ok(await login(app))
  })

  test('lazy session update', async () => {
    const app = require('express')()
    const express = { session }

    app.use(express.session({
      secret: 'keyboard cat',
      saveUninitialized: false, // don't create session until something stored
      resave: false, // don't save session if unmodified
      store: keep(new MongoStore({
        url,
        touchAfter: 24 * 3600 // time period in seconds
      }))
    }))

    assert.ok((await login(app)).lastModified instanceof Date)
  })

  test('more options', async () => {
    const store = keep(new MongoStore({
      url,
      collection: 'sessions',
      stringify: true,
      serialize: JSON.stringify,
      unserialize: JSON.parse,
      transformId: id => `prefix:${id}`
    }))
    await store.set('more', makeSession({ user: 'u' }))
    assert.equal((await store.get('more')).user, 'u')
    assert.ok(await rows.findOne({ _id: 'prefix:more' }))
    assert.ok(new MongoStore({ fallbackMemory: true }) instanceof session.MemoryStore)
    assert.ok(!await gone(rows, 'prefix:more', 50))
  })
})
