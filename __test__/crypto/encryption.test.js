'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage, createHook } = require('node:async_hooks')
const { execFile } = require('node:child_process')
const { afterEach, describe, test } = require('node:test')
const { promisify } = require('node:util')

const { createKrupteinAdapter, createWebCryptoAdapter } = require('../..')
const { SECRET, SESSION, VECTORS } = require('../helpers/encrypted')
const { callback, makeSession, useCollection } = require('../helpers/stores')

const { dialects, legacy, modern, rows } = useCollection('encryption')

const soon = () => new Date(Date.now() + 60_000)
const stored = async _id => (await rows.findOne({ _id })).session
const insert = (_id, session) => rows.insertOne({ _id, session, expires: soon() })

/** Each way to ask for encryption, of a store that has made no key yet. */
let secrets = 0
const WAYS = {
  'legacy secret': options => legacy({ secret: `s${++secrets}`, ...options }),
  'modern crypto': options => modern({ crypto: { secret: `s${++secrets}` }, ...options }),
  createKrupteinAdapter: options => modern({ cryptoAdapter: createKrupteinAdapter({ secret: `s${++secrets}` }), ...options }),
  createWebCryptoAdapter: options => modern({ cryptoAdapter: createWebCryptoAdapter({ secret: `s${++secrets}` }), ...options }),
  "an app's adapter": options => modern({
    cryptoAdapter: {
      encrypt: async text => Buffer.from(text).toString('base64'),
      decrypt: async text => Buffer.from(text, 'base64').toString()
    },
    ...options
  })
}

for (const [way, open] of Object.entries(WAYS)) {
  describe(way, () => {
    afterEach(() => rows.deleteMany({}))

    for (const stringify of [true, false]) {
      test(`stores a session unreadable, as a string, and reads it again (stringify: ${stringify})`, async () => {
        const [store, sid, session] = [open({ stringify }), `${way}-${stringify}`, makeSession({ user: 'é✓😀', n: [1.5, null] })]
        await store.set(sid, session)
        assert.equal(typeof await stored(sid), 'string')
        assert.ok(!/user|cookie|😀/.test(await stored(sid)))
        assert.deepEqual(await store.get(sid), JSON.parse(JSON.stringify(session)))
        assert.ok((await store.all()).some(({ user }) => user === 'é✓😀'))
      })
    }

    test('keeps the order of operations while its key is being made', async () => {
      const [store, sid] = [open(), `${way}-order`]
      const outcomes = await Promise.all([
        store.set(sid, makeSession({ n: 1 })), store.get(sid), store.set(sid, makeSession({ n: 2 })), store.get(sid),
        store.destroy(sid), store.get(sid)
      ])
      assert.equal(outcomes[1].n, 1)
      assert.equal(outcomes[3].n, 2)
      assert.equal(outcomes[5] ?? null, null)
      assert.equal(await rows.countDocuments({ _id: sid }), 0)
    })

    test('calls back once, in the async context of the caller, and emits as ever', async () => {
      const [store, sid, events] = [open({ touchAfter: 3600 }), `${way}-events`, []]
      for (const event of ['create', 'update', 'set', 'get', 'touch', 'destroy']) store.on(event, () => events.push(event))
      const context = new AsyncLocalStorage()
      await context.run('caller', async () => {
        for (const operation of [['set', sid, makeSession()], ['set', sid, makeSession()], ['get', sid], ['destroy', sid]]) {
          const [error] = await callback(store, ...operation)
          assert.equal(error, null)
          assert.equal(context.getStore(), 'caller')
        }
      })
      assert.deepEqual(events, ['create', 'set', 'update', 'set', 'get', 'destroy'])
    })

    test('lets a touch show, and throttles touches', async () => {
      const [store, sid] = [open({ touchAfter: 3600 }), `${way}-touch`]
      await store.set(sid, makeSession({}, 1000))
      await rows.updateOne({ _id: sid }, { $set: { expires: new Date('2100-01-01') } })
      const session = await store.get(sid)
      assert.equal(new Date(session.cookie.expires).getUTCFullYear(), 2100)
      assert.ok(session.lastModified instanceof Date)
      await store.touch(sid, session)
      assert.equal((await rows.findOne({ _id: sid })).expires.getUTCFullYear(), 2100)
    })

    test('stores large sessions', async () => {
      const [store, sid] = [open(), `${way}-large`]
      for (const length of [60_000, 70_000, 1_000_000]) {
        await store.set(sid, makeSession({ text: 'é'.repeat(length) }))
        assert.equal((await store.get(sid)).text, 'é'.repeat(length))
      }
    })

    test('stores no session as null, and reads documents as they are', async () => {
      const store = open()
      await store.set(`${way}-none`, undefined)
      assert.equal(await stored(`${way}-none`), null)
      assert.equal(await store.get(`${way}-none`), null)
      await insert(`${way}-document`, { cookie: {}, user: 'u' })
      assert.deepEqual(await store.get(`${way}-document`), { cookie: {}, user: 'u' })
    })

    test('a session that cannot be stored fails alone', async () => {
      const [store, circular] = [open(), makeSession()]
      circular.self = circular
      const outcomes = await Promise.allSettled([
        store.set(`${way}-a`, makeSession()), store.set(`${way}-b`, circular), store.set(`${way}-c`, makeSession({ n: 1n })),
        store.set(`${way}-d`, makeSession())
      ])
      assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      assert.equal(await rows.countDocuments({ _id: { $in: [`${way}-b`, `${way}-c`] } }), 0)
    })

    test('what cannot be decrypted is one error with a code, or missing on request', async () => {
      const secret = 'a plain secret'
      await insert(`${way}-plain`, JSON.stringify({ cookie: {}, secret }))
      const errors = await callback(open(), 'get', `${way}-plain`)
      assert.equal(errors.length, 1)
      if (!way.startsWith('an app')) {
        assert.equal(errors[0].code, 'ERR_SESSION_UNDECRYPTABLE')
        assert.equal(errors[0].name, 'UndecryptableError')
        assert.deepEqual(await open().all(), [], 'in a list it is left out')
      }
      assert.ok(!`${errors[0].message}${errors[0].stack}`.includes(secret))

      await insert(`${way}-foreign`, 'AAAA')
      const ignoring = open({ onUndecryptable: 'ignore' })
      if (!way.startsWith('an app')) {
        const missing = way.startsWith('legacy') ? undefined : null
        assert.deepEqual(await callback(ignoring, 'get', `${way}-plain`), [null, missing])
        assert.deepEqual(await callback(ignoring, 'get', `${way}-foreign`), [null, missing])
        await ignoring.set(`${way}-good`, makeSession({ user: 1 }))
        assert.deepEqual((await ignoring.all()).map(({ user }) => user), [1])
      }
    })
  })
}

describe('rows of any connect-mongo', () => {
  for (const { name, stored } of VECTORS) {
    for (const [dialect, options] of [['legacy', { secret: SECRET }], ['modern', { crypto: { secret: SECRET } }]]) {
      for (const stringify of [true, false]) {
        test(`${name}, with ${dialect}, stringify: ${stringify}`, async () => {
          const sid = `${name}-${dialect}-${stringify}`
          await insert(sid, stored)
          const session = await dialects[dialect]({ ...options, stringify }).get(sid)
          assert.deepEqual(session, JSON.parse(SESSION))
        })
      }
    }
  }
})

describe('hooks', () => {
  test('modern: what serialize returns is encrypted, and unserialize gets it back', async () => {
    for (const crypto of [{ secret: SECRET }, { secret: SECRET, family: 'D' }, { secret: SECRET, family: 'W' }]) {
      const documents = modern({ crypto, serialize: wrapped => ({ wrapped }), unserialize: ({ wrapped }) => wrapped })
      await documents.set('hooks-document', makeSession({ user: 1 }))
      assert.equal((await documents.get('hooks-document')).user, 1)
      const strings = modern({ crypto, serialize: ({ user }) => `user ${user}`, unserialize: text => ({ text }) })
      await strings.set('hooks-string', makeSession({ user: 1 }))
      assert.deepEqual(await strings.get('hooks-string'), { text: 'user 1' })
      assert.ok(!/user/.test(await stored('hooks-string')))
    }
    const later = modern({ crypto: { secret: SECRET }, serialize: async session => session, unserialize: x => x })
    await assert.rejects(later.set('hooks-later', makeSession()), /must not return a promise/)
  })

  test('legacy: they see the encrypted text, and unserialize the JSON too, as in connect-mongo 3', async () => {
    const seen = []
    const store = legacy({
      secret: SECRET,
      serialize: text => {
        seen.push(text)
        return { text }
      },
      unserialize: value => value.text ?? JSON.parse(value)
    })
    await store.set('hooks-legacy', makeSession({ user: 1 }))
    assert.deepEqual(Object.keys(JSON.parse(seen[0])), ['hmac', 'ct', 'at', 'aad', 'iv'])
    assert.deepEqual(await stored('hooks-legacy'), { text: seen[0] })
    assert.equal((await store.get('hooks-legacy')).user, 1)
  })
})

describe("an app's adapter", () => {
  const adapter = { encrypt: async text => text, decrypt: async text => text }
  const never = () => new Promise(() => {})

  test('fails alone, and holds up nothing on its id', async () => {
    const store = modern({ cryptoAdapter: { ...adapter, encrypt: async () => { throw new Error('no key') } } })
    await rows.insertOne({ _id: 'adapter', session: '{"user":1}', expires: soon() })
    const [set, get, destroy] = await Promise.allSettled([
      store.set('adapter', makeSession()), store.get('adapter'), store.destroy('adapter')
    ])
    assert.equal(set.reason.message, 'no key')
    assert.equal(get.value.user, 1)
    assert.equal(destroy.status, 'fulfilled')
    assert.equal(await rows.countDocuments({ _id: 'adapter' }), 0)
  })

  test('that never returns is given up at the deadline', async () => {
    const store = modern({ cryptoAdapter: { encrypt: never, decrypt: never }, operationTimeoutMS: 300 })
    await insert('adapter-slow', 'x')
    for (const operation of [store.set('adapter-slow', makeSession()), store.get('adapter-slow')]) {
      await assert.rejects(operation, { name: 'MongoOperationTimeoutError' })
    }
  })

  test('must return strings; its failure to decrypt is the cause', async () => {
    const odd = modern({ cryptoAdapter: { encrypt: async () => 5, decrypt: async () => ({}) } })
    await assert.rejects(odd.set('adapter-odd', makeSession()), { name: 'TypeError', message: /encrypt must answer/ })
    await insert('adapter-odd', 'x')
    await assert.rejects(odd.get('adapter-odd'), { code: 'ERR_SESSION_UNDECRYPTABLE' })
    const reason = 'a string, as kruptein rejects with'
    const failing = modern({ cryptoAdapter: { ...adapter, decrypt: () => Promise.reject(reason) } })
    await assert.rejects(failing.get('adapter-odd'), error =>
      error instanceof Error && error.code === 'ERR_SESSION_UNDECRYPTABLE' && error.cause === reason)
  })

  test('is there as store.cryptoAdapter', () => {
    assert.equal(modern({ cryptoAdapter: adapter }).cryptoAdapter, adapter)
    assert.equal(modern().cryptoAdapter, null)
    assert.equal(typeof modern({ crypto: { secret: SECRET } }).cryptoAdapter.encrypt, 'function')
  })
})

test('32 gets at a time derive one key for each salt', async () => {
  const secret = 'thirty-two'
  // Rows of other processes, which have made their keys themselves.
  const insertRows = `
    const { createKrupteinAdapter } = require(${JSON.stringify(require.resolve('../..'))})
    const write = () => createKrupteinAdapter({ secret: '${secret}' }).encrypt(${JSON.stringify(SESSION)})
    write().then(row => process.stdout.write(row))`
  for (let i = 0; i < 4; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', insertRows])
    await insert(`32-${i}`, stdout)
  }
  const store = modern({ crypto: { secret } })
  await store.set('32', makeSession())
  const before = (await store.stats()).encryption.derivations
  const requests = []
  const hook = createHook({ init: (id, type) => type === 'PBKDF2REQUEST' && requests.push(id) }).enable()
  await Promise.all(Array.from({ length: 32 }, (_, i) => store.get(`32-${i % 4}`)))
  hook.disable()
  assert.equal((await store.stats()).encryption.derivations - before, 4)
  assert.equal(requests.length, 4, "on libuv's threads")
})
