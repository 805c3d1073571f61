'use strict'

// `onOutage: 'skip'`: apps go on without sessions while MongoDB is away, and have them again afterwards.

const assert = require('node:assert/strict')
const { EventEmitter, once } = require('node:events')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const express = require('express')
const express4 = require('express-4')
const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const { boundedByOutages } = require('../../lib/store/outage-backend')
const SessionStore = require('../../session-mongoose')(session)
const { runScript } = require('../helpers/child')
const { startStandalone } = require('../helpers/mongod')
const { within } = require('../helpers/rows')
const { LegacyStore, MongoStore, useCollection } = require('../helpers/stores')

const { dialects } = useCollection('on-outage')

const AFTER_MS = 800
/** For a busy machine to answer, beyond what the store waits. */
const MARGIN_MS = 2500
/** For a driver to notice that a server is there again: it looks every 10 s while nobody asks. */
const RETURN_MS = 45_000
const SKIP = { onOutage: 'skip', outageAfterMS: AFTER_MS, autoRemove: 'disabled' }

const mongooses = []
function mongooseOn (uri) {
  const connection = new Mongoose().createConnection(uri)
  mongooses.push(connection)
  connection.asPromise().catch(() => {})
  return connection
}

const WAYS = {
  'modern by URL': uri => MongoStore.create({ mongoUrl: uri, ...SKIP }),
  'legacy by URL': uri => new LegacyStore({ url: uri, ...SKIP }),
  'modern on a client': uri => MongoStore.create({ client: new MongoClient(uri), ...SKIP }),
  'legacy on a Mongoose connection': uri => new LegacyStore({ mongooseConnection: mongooseOn(uri), ...SKIP }),
  'with conflicts, by URL': uri => MongoStore.create({ mongoUrl: uri, conflicts: 'merge', ...SKIP }),
  'encrypted, dialled by the driver': uri =>
    MongoStore.create({ mongoUrl: uri, backend: 'driver', crypto: { secret: 'secret' }, ...SKIP }),
  'session-mongoose by URL': uri => new SessionStore({
    url: uri, collection: 'mongoose-sessions', sweeper: false, onOutage: 'skip', outageAfterMS: AFTER_MS
  })
}

/** An app that counts visits, where it has a session. Resolves to `{ visit, close }`. */
async function serve (framework, store) {
  const app = framework()
  app.use(session({ secret: 'secret', resave: false, saveUninitialized: false, store }))
  app.get('/', (req, res) => {
    if (!req.session) return res.send('no session')
    req.session.visits = (req.session.visits ?? 0) + 1
    res.send(String(req.session.visits))
  })
  app.use((error, req, res, next) => { // eslint-disable-line no-unused-vars
    if (res.headersSent) res.end() // a session could not be saved
    else res.status(500).send(error.name)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  let cookie
  return {
    async visit () {
      const started = performance.now()
      const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: cookie ? { cookie } : {} })
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
      return { text: await response.text(), tookMS: performance.now() - started }
    },
    close () {
      server.closeAllConnections()
      server.close()
    }
  }
}

const heard = store => {
  const events = []
  for (const event of ['connect', 'disconnect']) store.on(event, () => events.push(event))
  return events
}

async function closeAll (stores) {
  await Promise.all(stores.map(store => store.close()))
  await Promise.all(mongooses.splice(0).map(connection => connection.close()))
}

for (const [name, framework] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
  test(`${name}, over HTTP: a server stops and starts again`, async t => {
    const server = await startStandalone()
    const apps = []
    t.after(async () => {
      for (const { close } of apps) close()
      await closeAll(apps.map(({ store }) => store))
      await server.stop()
    })
    for (const [way, open] of Object.entries(WAYS)) {
      const store = open(server.uri)
      const events = heard(store)
      apps.push({ way, store, events, ...await serve(framework, store) })
    }
    for (const { visit, way } of apps) for (const count of ['1', '2']) assert.equal((await visit()).text, count, way)
    for (let outage = 1; outage <= 2; outage++) {
      await server.shutdown() // SIGKILL could lose what is not in the journal yet
      const end = performance.now() + 3 * AFTER_MS + MARGIN_MS
      await Promise.all(apps.map(async ({ visit, way }) => {
        const texts = new Set()
        while (performance.now() < end) {
          const { text, tookMS } = await visit()
          assert.ok(tookMS < AFTER_MS + MARGIN_MS, `${way}: ${tookMS} ms`)
          texts.add(text)
          await sleep(50)
        }
        assert.equal((await visit()).text, 'no session', way)
        // Who came before the outage was declared may have got an error.
        assert.deepEqual([...texts].filter(text => !/^no session$|^Mongo\w+Error$/.test(text)), [], way)
      }))
      await server.restart()
      for (const { visit, way } of apps) {
        let text
        assert.ok(await within(RETURN_MS, async () => {
          text = (await visit()).text
          return text !== 'no session'
        }), way)
        assert.equal(text, String(2 + outage), `${way}: the session is there again`)
      }
    }
    for (const { events, way } of apps) {
      assert.deepEqual(events, ['disconnect', 'connect', 'disconnect', 'connect'], way)
    }
  })
}

describe('at the start', () => {
  test('with no server, who listens late is told, and a server that comes is heard of', async () => {
    const server = await startStandalone()
    await server.shutdown()
    const stores = Object.entries(WAYS).map(([way, open]) => ({ way, store: open(server.uri) }))
    await Promise.all(stores.map(async ({ store, way }) => {
      const events = heard(store)
      const waiting = assert.rejects(store.get('a'), ({ name, message }) =>
        name === 'MongoServerSelectionError' && message.includes(`within ${AFTER_MS} ms (outageAfterMS): no answer`), way)
      assert.ok(await within(AFTER_MS + MARGIN_MS, () => events.length === 1), way)
      await waiting
      const late = heard(store)
      const single = []
      store.once('disconnect', () => single.push('once'))
      const app = await serve(express, store)
      assert.equal((await app.visit()).text, 'no session', way)
      assert.deepEqual([late, single], [['disconnect'], ['once']], way)
      const started = performance.now()
      await assert.rejects(store.destroy('a'), /\(outageAfterMS\): outcome unknown/, way)
      assert.ok(performance.now() - started < AFTER_MS + MARGIN_MS, way)
      Object.assign(stores.find(one => one.store === store), { app, events, late, single })
    }))
    await server.restart()
    for (const { app, events, late, single, way } of stores) {
      assert.ok(await within(RETURN_MS, () => events.length === 2), way)
      assert.equal((await app.visit()).text, '1', way)
      const both = ['disconnect', 'connect']
      assert.deepEqual([events, late, single], [both, both, ['once']], way)
      app.close()
    }
    await closeAll(stores.map(({ store }) => store))
    await server.stop()
  })

  test('a server that is there is no outage, and an outage that is shorter says nothing', async () => {
    const server = await startStandalone()
    const stores = Object.values(WAYS).map(open => open(server.uri))
    const events = stores.map(heard)
    await Promise.all(stores.map(store => store.get('a')))
    await sleep(2 * AFTER_MS)
    assert.deepEqual(events.flat(), [])
    await closeAll(stores)
    await sleep(2 * AFTER_MS)
    assert.deepEqual(events.flat(), [], 'a closed store says nothing')
    await server.stop()
  })

  test('without the option nothing is emitted, and operations wait as ever', async () => {
    const stores = [
      MongoStore.create({ mongoUrl: 'mongodb://127.0.0.1:9/', outageAfterMS: 100, operationTimeoutMS: 1500 }),
      MongoStore.create({ client: new MongoClient('mongodb://127.0.0.1:9/'), outageAfterMS: 100, operationTimeoutMS: 1500 })
    ]
    for (const store of stores) {
      const events = heard(store)
      const started = performance.now()
      await assert.rejects(store.get('a'))
      assert.ok(performance.now() - started >= 1400)
      assert.deepEqual(events, [])
    }
    await closeAll(stores)
  })
})

test('an idle store whose server is away keeps no process alive', async () => {
  const { code, stdout, stderr } = await runScript(`
    const store = MongoStore.create({ mongoUrl: 'mongodb://127.0.0.1:9/', onOutage: 'skip', outageAfterMS: 60000 })
    store.on('error', () => {})
    setTimeout(() => console.log('done'), 200)
  `, { timeoutMS: 20_000 })
  assert.deepEqual([code, stdout.trim()], [0, 'done'], stderr)
})

test('the options are checked', () => {
  for (const [dialect, open] of Object.entries(dialects)) {
    assert.throws(() => open({ onOutage: 'ignore' }), /onOutage must be 'error' or 'skip'/, dialect)
    assert.throws(() => open({ onOutage: true }), TypeError, dialect)
    for (const outageAfterMS of [0, -1, 'soon']) {
      assert.throws(() => open({ onOutage: 'skip', outageAfterMS }), /outageAfterMS/, `${dialect} ${outageAfterMS}`)
    }
  }
})

test('an operation that is called during an outage has its time once there is a server', async () => {
  // Nothing but the layer that knows of outages: a server cannot be made to come back at a given moment.
  let heard
  let answer
  const backend = {
    get: () => new Promise(resolve => { answer = resolve }),
    onEvent: listener => { heard = listener }
  }
  const store = new EventEmitter()
  const bounded = boundedByOutages(store, backend, { onOutage: 'skip', outageAfterMS: 100 })
  const events = []
  bounded.onEvent(kind => events.push(kind))
  while (!events.includes('disconnect')) await sleep(10)
  const found = bounded.get('a')
  heard('connected')
  await sleep(200)
  answer('found')
  assert.equal(await found, 'found')
  assert.deepEqual(events, ['disconnect', 'connected', 'connect'])
})
