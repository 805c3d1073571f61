'use strict'

// No password, no key and no session content in what apps log: errors, warnings, debug lines, and `inspect`
// and JSON of a store, of its options and of its handles.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { format, inspect } = require('node:util')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const { createKrupteinAdapter, createWebCryptoAdapter } = require('../..')
const sessionMongoose = require('../../session-mongoose')
const { runScript } = require('../helpers/child')
const { callback, LegacyStore, MongoStore, testUrl, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const PASSWORD = 'hunter2/pw'
const SECRET = 'crypto-secret'
const CONTENT = 'session-content'
const SID = 'credential-of-somebody'
const WORDS = [PASSWORD, encodeURIComponent(PASSWORD), SECRET, CONTENT, SID]

const SessionStore = sessionMongoose(session)
const { backends, rows } = useCollection('hostile-secrets')

function assertDiscreet (what, text) {
  for (const word of WORDS) assert.ok(!text.includes(word), `${what} shows ${word}: ${text.slice(0, 500)}`)
}

/** All that logging makes of a value. */
function loggedAs (value) {
  return [inspect(value, { depth: 20 }), format('%s %j %O', value, value, value), JSON.stringify(value), String(value)].join('\n')
}

const DOWN = `mongodb://user:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/app?serverSelectionTimeoutMS=200`
const DOWN_OPTIONS = { serverSelectionTimeoutMS: 200, auth: { username: 'user', password: PASSWORD } }
const OFF = { autoRemove: 'disabled', operationTimeoutMS: 1500 }

const MODERN = {
  'modern, crypto': () => MongoStore.create({ mongoUrl: DOWN, crypto: { secret: SECRET }, ...OFF }),
  'modern, more secrets': () => MongoStore.create({ mongoUrl: DOWN, crypto: { secret: [SECRET, 'older'] }, ...OFF }),
  'modern, mongoOptions': () => MongoStore.create({ mongoUrl: 'mongodb://127.0.0.1:1/app', mongoOptions: DOWN_OPTIONS, ...OFF }),
  'modern, kruptein': () => MongoStore.create({ mongoUrl: DOWN, cryptoAdapter: createKrupteinAdapter({ secret: SECRET }), ...OFF }),
  'modern, web': () => MongoStore.create({ mongoUrl: DOWN, cryptoAdapter: createWebCryptoAdapter({ secret: SECRET }), ...OFF }),
  'modern, dialled by the driver': () => MongoStore.create({ mongoUrl: DOWN, backend: 'driver', crypto: { secret: SECRET }, ...OFF })
}
const OTHERS = {
  legacy: () => new LegacyStore({ url: DOWN, secret: SECRET, ...OFF }),
  'legacy, dialled by the driver': () => new LegacyStore({ url: DOWN, backend: 'driver', secret: SECRET, ...OFF }),
  'session-mongoose': () => new SessionStore({ url: DOWN, sweeper: false, operationTimeoutMS: 1500 }),
  'session-mongoose, dialled by the driver': () => new SessionStore({ url: DOWN, sweeper: false, operationTimeoutMS: 1500, backend: 'driver' })
}

describe('of a store that has no server', () => {
  for (const [name, open] of Object.entries({ ...MODERN, ...OTHERS })) {
    test(name, async () => {
      const store = open()
      const failed = []
      store.on('error', error => failed.push(error))
      assertDiscreet('the store', loggedAs(store))
      // As legacy stores have always had it, the app's own object.
      if (!name.startsWith('legacy')) assertDiscreet('options', loggedAs(store.options))
      for (const handle of ['client', 'db', 'collection']) assertDiscreet(handle, inspect(store[handle], { depth: 20 }))
      const calls = [['get', SID], ['set', SID, { cookie: {}, CONTENT }], ['touch', SID, { cookie: {} }], ['destroy', SID], ['length'], ['clear']]
      for (const [error] of await Promise.all(calls.map(call => callback(store, ...call)))) failed.push(error)
      assert.ok(failed.length >= calls.length)
      for (const error of failed) {
        assert.ok(error instanceof Error)
        assertDiscreet('an error', inspect(error, { depth: 20, showHidden: true }))
      }
      await store.close()
      assertDiscreet('the closed store', loggedAs(store))
    })
  }

  test('options are what they were, and only look otherwise', () => {
    const store = MODERN['modern, crypto']()
    assert.equal(store.options.mongoUrl, DOWN)
    assert.equal(store.options.crypto.secret, SECRET)
    assert.equal(inspect(store.options).match(/mongodb:.*?'/)[0], "mongodb://…@127.0.0.1:1/app?…'")
    assert.deepEqual(Object.keys({ ...store.options }).filter(name => name === 'toJSON'), [])
    return store.close()
  })

  test('a constructor that throws', () => {
    const wrong = [
      { mongoUrl: `mongodb://user:${PASSWORD}@h:port/` }, { mongoUrl: `mongodb://user:${PASSWORD}@` }, { mongoUrl: `http://u:${PASSWORD}@h/` },
      { mongoUrl: `mongodb://user:${PASSWORD}@[::1/x` }, { mongoUrl: DOWN, ttl: SECRET }, { mongoUrl: DOWN, crypto: { secret: SECRET, algorithm: SECRET } },
      { mongoUrl: DOWN, mongoOptions: { auth: PASSWORD } }, { mongoUrl: `${DOWN}&authMechanism=${SECRET}` }, { mongoUrl: DOWN, touchAfter: SECRET }
    ]
    for (const options of wrong) {
      for (const backend of [undefined, 'driver']) {
        try {
          MongoStore.create({ ...options, backend, ...OFF }).close().catch(() => {})
        } catch (error) {
          if (backend === undefined) assertDiscreet('an error', inspect(error, { depth: 20, showHidden: true }))
        }
      }
    }
  })
})

for (const [name, open] of Object.entries(backends)) {
  describe(`of sessions: ${name}`, () => {
    test('what a server refuses, or a row that cannot be read', async () => {
      await rows.deleteMany({})
      await rows.createIndex({ 'session.mail': 1 }, { unique: true, sparse: true }).catch(() => {})
      const store = open({ ...OFF, stringify: false })
      const circular = { cookie: {}, CONTENT }
      circular.self = circular
      await store.set('one', { cookie: {}, mail: CONTENT })
      await rows.insertOne({ _id: SID, session: `{"${CONTENT}`, expires: new Date(Date.now() + 60_000) })
      const errors = []
      const warnings = await warningsOf(async () => {
        for (const call of [
          ['set', SID, { cookie: {}, mail: CONTENT }], ['set', SID, circular], ['get', SID],
          ['set', SID, { cookie: {}, text: CONTENT.repeat(1_200_000) }], ['set', { [CONTENT]: CONTENT }, { cookie: {} }]
        ]) errors.push((await callback(store, ...call))[0])
      })
      errors.forEach((error, index) => {
        assert.ok(error instanceof Error, `call ${index} failed with ${error}`)
        assertDiscreet(`error ${index}`, inspect(error, { depth: 20, showHidden: true }))
      })
      for (const warning of warnings) assertDiscreet('a warning', inspect(warning))
      await rows.dropIndexes()
    })

    test('what has another secret', async () => {
      const [ours, theirs] = ['theirs', SECRET].map(secret => {
        return open({ ...OFF, ...name.startsWith('legacy') ? { secret } : { crypto: { secret } } })
      })
      await ours.set(SID, { cookie: {}, CONTENT })
      const [error] = await callback(theirs, 'get', SID)
      assert.equal(error.code, 'ERR_SESSION_UNDECRYPTABLE')
      assertDiscreet('the error', inspect(error, { depth: 20, showHidden: true }))
    })
  })
}

test('debug lines and warnings, with everything switched on', async () => {
  const { stderr, stdout, code } = await runScript(`
    const sid = '${SID}'
    const content = { cookie: {}, text: '${CONTENT}' }
    const run = async store => {
      for (const call of [['set', sid, content], ['get', sid], ['touch', sid, content], ['destroy', sid], ['all'], ['length']]) {
        await new Promise(resolve => store[call[0]](...call.slice(1), resolve))
      }
      console.log('%s %O', store, store)
      await store.close()
    }
    ;(async () => {
      await run(MongoStore.create({ mongoUrl: url, collectionName: 'hostile-secrets', ttls: 5, crypto: { secret: '${SECRET}' } }))
      await run(new (MongoStore(session))({ url, collection: 'hostile-secrets', secret: '${SECRET}', ttls: 5 }))
      await run(MongoStore.create({ mongoUrl: '${DOWN}', autoRemove: 'disabled', crypto: { secret: '${SECRET}' } }))
    })()`, { env: { DEBUG: '*', NODE_DEBUG: 'connect-mongo', RUST_LOG: 'trace', RUST_BACKTRACE: '1', TEST_URL: testUrl() } })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /MongoStore#set=creden…/)
  assertDiscreet('stderr', stderr)
  assertDiscreet('stdout', stdout)
})

test('a client of the app is the app’s own, and the store does not show it', async () => {
  const client = new MongoClient(DOWN)
  const store = MongoStore.create({ client, ...OFF })
  assertDiscreet('the store', loggedAs(store))
  assertDiscreet('its options', loggedAs(store.options))
  await store.close()
})
