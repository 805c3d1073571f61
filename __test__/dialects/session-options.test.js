'use strict'

// One object for express-session and its store, as Sails and some apps have it.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')

const { runScript } = require('../helpers/child')
const { useCollection } = require('../helpers/stores')

const { rows } = useCollection('session_options')

/** What express-session, Connect and Sails know, but for `secret`. */
const SESSION = `
  name: 'sid', key: 'sid', resave: false, saveUninitialized: true, rolling: true, proxy: true, unset: 'destroy',
  cookie: { maxAge: 60_000 }, genid: () => 'id', store: undefined, fingerprint: () => '', adapter: 'connect-mongo',
  routesDisabled: []`

describe('options of express-session beside the store\'s', () => {
  after(() => rows.drop().catch(() => {}))

  /** Runs with `shared`, has no warning, and returns what was printed. */
  async function quietly (script) {
    const { stdout, stderr, code } = await runScript(`
      const SessionStore = require('connect-mongo-native/session-mongoose')(session)
      const LegacyStore = MongoStore(session)
      const shared = { url, collection: 'session_options', secret: 'keyboard cat', ${SESSION} }
      ${script}`)
    assert.deepEqual({ stderr, code }, { stderr: '', code: 0 })
    return stdout.trim()
  }

  const stored = `.then(async store => {
    await store.set('a', { cookie: {}, visits: 7 })
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(url)
    const row = await client.db().collection(store.options.modelName ? 'session_options_sm' : 'session_options')
      .findOne({ $or: [{ _id: 'a' }, { sid: 'a' }] })
    console.log(JSON.stringify(row).includes('visits'), (await store.get('a')).visits)
    await Promise.all([client.close(), store.close()])
  })`

  test('legacy: no warning, and secret encrypts, as with connect-mongo 3', async () => {
    assert.equal(await quietly(`Promise.resolve(new LegacyStore(shared))${stored}`), 'false 7')
  })

  test('modern: no warning, and nothing is encrypted, as with connect-mongo 4 to 6', async () => {
    await rows.deleteMany({})
    assert.equal(await quietly(`
      const { url: mongoUrl, collection: collectionName, ...rest } = shared
      Promise.resolve(MongoStore.create({ mongoUrl, collectionName, ...rest }))${stored}`), 'true 7')
  })

  for (const Store of ['SessionStore', 'LegacyStore']) {
    test(`session-mongoose, made by ${Store}: no warning`, async () => {
      assert.equal(await quietly(`
        Promise.resolve(new ${Store}({ ...shared, collection: 'session_options_sm', interval: 60_000 }))${stored}`), 'true 7')
    })
  }

  test('modern: a secret that is none of express-session\'s gets its warning', async () => {
    const { stderr } = await runScript("MongoStore.create({ mongoUrl: url, secret: 's', autoRemove: 'disabled' }).close()")
    assert.match(stderr, /ignores secret, like connect-mongo: sessions are stored unencrypted; write crypto/)
  })

  test('in an app: one object for both', async () => {
    assert.equal(await quietly(`
      const express = require('express')
      const options = { ...shared, genid: undefined, unset: 'keep', saveUninitialized: false }
      options.store = new LegacyStore(options)
      const app = express().use(session(options))
      app.get('/', (req, res) => {
        req.session.visits = (req.session.visits ?? 0) + 1
        res.end(String(req.session.visits))
      })
      const server = app.listen(0, '127.0.0.1', async () => {
        const at = 'http://127.0.0.1:' + server.address().port
        const first = await fetch(at, { headers: { 'x-forwarded-proto': 'https' } })
        const [own] = first.headers.getSetCookie()
        const second = await fetch(at, { headers: { cookie: own.split(';')[0] } })
        console.log(await first.text(), await second.text())
        server.close()
        server.closeAllConnections()
        await options.store.close()
      })`), '1 2')
  })
})
