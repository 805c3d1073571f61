'use strict'

// Encryption may take any time, and a different one for each session. It changes no order: results, callbacks
// and events come out as they do without it.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { MongoClient } = require('mongodb')

const { DATABASE, makeSession, useCollection } = require('../helpers/stores')

const { backends, rows, url } = useCollection('encryption-order')

const EVENTS = ['create', 'update', 'set', 'touch', 'get', 'destroy', 'all']

/** Only the modern dialect takes an app's adapter. The legacy one encrypts by `secret`. */
const MODERN = ['modern', 'modern on a client']
const LEGACY = ['legacy', 'legacy on a Db']

/**
 * Options that give a store one connection. Its finds follow each other, and each returns rows in the order
 * of `_id`: gets whose ids are in that order have one order of results, however they share finds.
 */
const mongoOptions = { maxPoolSize: 1 }
const ONE_CONNECTION = {
  modern: () => ({ mongoOptions }),
  legacy: () => ({ mongoOptions }),
  'modern on a client': () => ({ client: new MongoClient(url, mongoOptions) }),
  'legacy on a Db': () => ({ db: new MongoClient(url, mongoOptions).db(DATABASE) })
}

/** An adapter that takes as many milliseconds as the session's properties `encrypt` and `decrypt` say. */
const adapter = {
  async encrypt (text) {
    const { encrypt = 0 } = JSON.parse(text)
    await sleep(encrypt)
    return Buffer.from(text).toString('base64')
  },
  async decrypt (stored) {
    const text = Buffer.from(stored, 'base64').toString()
    const { decrypt = 0 } = JSON.parse(text)
    await sleep(decrypt)
    return text
  }
}

/** Makes calls at once, and notes in which order their events, callbacks and promises come out. */
async function trace (store, calls) {
  const noted = { events: [], callbacks: [], promises: [] }
  for (const event of EVENTS) store.on(event, sid => noted.events.push(`${event} ${sid}`))
  await Promise.all(calls.flatMap(([method, ...args], n) => {
    const called = new Promise(resolve => {
      store[method](...args, error => resolve(noted.callbacks.push(`${n} ${method} ${error?.name}`)))
    })
    const settled = store[method](...args).catch(error => error)
    return [called, settled.then(result => noted.promises.push(`${n} ${method} ${result?.name}`))]
  }))
  store.removeAllListeners()
  return noted
}

/** Stores sessions and waits for it, so that the next gets query the server. */
async function filled (store, sessions) {
  for (const [sid, session] of Object.entries(sessions)) await store.set(sid, makeSession(session))
}

for (const [name, open] of Object.entries(backends).filter(([name]) => MODERN.includes(name))) {
  describe(name, () => {
    test('operations on one id, with encryptions that take unequal times', async () => {
      const sid = `${name} one`
      const calls = [
        ['set', sid, makeSession({ encrypt: 60 })], ['touch', sid, makeSession()],
        ['set', sid, makeSession({ encrypt: 5 })], ['destroy', sid], ['set', sid, undefined],
        ['set', sid, makeSession({ encrypt: 30, decrypt: 30 })], ['get', sid], ['touch', sid, makeSession()],
        ['set', sid, makeSession()], ['get', sid], ['destroy', sid]
      ]
      const plain = await trace(open(), calls)
      assert.equal(plain.callbacks.length, calls.length)
      assert.deepEqual(await trace(open({ cryptoAdapter: adapter }), calls), plain)
    })

    test('gets of many ids, with decryptions that take unequal times', async () => {
      const calls = Array.from({ length: 20 }, (_, n) => ['get', `${name} ${n + 10}`])
      const sessions = Object.fromEntries(calls.map(([, sid], n) => [sid, { decrypt: (20 - n) * 3 % 41 }]))
      const plain = open(ONE_CONNECTION[name]())
      const encrypted = open({ ...ONE_CONNECTION[name](), cryptoAdapter: adapter })
      await filled(plain, sessions)
      const expected = await trace(plain, calls)
      assert.equal(expected.events.length, 40)
      await filled(encrypted, sessions)
      assert.deepEqual(await trace(encrypted, calls), expected)
    })

    const SECOND = {
      get: sid => [sid],
      set: sid => [sid, makeSession()],
      touch: sid => [sid, makeSession()],
      destroy: sid => [sid],
      all: () => [],
      ids: () => [],
      length: () => [],
      clear: () => [],
      ping: () => [],
      close: () => []
    }

    for (const [method, argsFor] of Object.entries(SECOND)) {
      test(`a get whose decryption takes long, and a ${method} after it`, async () => {
        const [slow, quick] = [`${name} slow ${method}`, `${name} quick ${method}`]
        const notes = []
        const decrypting = deferred()
        const store = open({
          cryptoAdapter: {
            ...adapter,
            async decrypt (stored) {
              decrypting.resolve()
              return adapter.decrypt(stored)
            }
          }
        })
        await rows.deleteMany({})
        await filled(store, { [slow]: { decrypt: 150 }, [quick]: {} })
        for (const event of EVENTS) store.on(event, () => notes.push(`event ${event}`))
        const first = new Promise(resolve => store.get(slow, () => resolve(notes.push('callback get slow'))))
        await decrypting.promise
        const second = new Promise(resolve => store[method](...argsFor(quick), () => resolve(notes.push('callback second'))))
        await sleep(50)
        assert.deepEqual(notes, [])
        await Promise.all([first, second])
        assert.deepEqual(notes.slice(0, 2), ['event get', 'callback get slow'], 'before anything of the second')
        assert.equal(notes.at(-1), 'callback second')
      })
    }

    test('a decryption that never ends holds others up until its deadline only', async () => {
      const decrypt = stored => stored.startsWith('never') ? new Promise(() => {}) : stored
      const encrypt = text => /"never":true/.test(text) ? `never ${text}` : text
      const store = open({ cryptoAdapter: { encrypt, decrypt }, operationTimeoutMS: 400 })
      await filled(store, { [`${name} never`]: { never: true }, [`${name} ever`]: { n: 1 } })
      const started = Date.now()
      const [never, ever, touch] = await Promise.allSettled([
        store.get(`${name} never`), store.get(`${name} ever`), store.touch(`${name} ever`, makeSession())
      ])
      assert.equal(never.reason.name, 'MongoOperationTimeoutError')
      assert.equal(ever.value.n, 1)
      assert.equal(touch.status, 'fulfilled')
      assert.ok(Date.now() - started < 2000)
    })
  })
}

for (const [name, open] of Object.entries(backends).filter(([name]) => LEGACY.includes(name))) {
  // Large sessions are encrypted and decrypted on another thread, small ones at once.
  test(`${name}: sessions large and small`, async () => {
    const text = 'x'.repeat(300_000)
    const sid = n => `${name} size ${n}`
    const plain = open(ONE_CONNECTION[name]())
    const encrypted = open({ ...ONE_CONNECTION[name](), secret: 'order' })
    const sessions = Object.fromEntries([0, 1, 2, 3, 4, 5].map(n => [sid(n), n % 2 === 0 ? { text } : {}]))
    const gets = Object.keys(sessions).map(sid => ['get', sid])
    const one = `${name} one`
    const writes = [
      ['set', one, makeSession({ text })], ['touch', one, makeSession()], ['set', one, makeSession()], ['get', one],
      ['destroy', one], ['set', one, makeSession({ text })], ['get', one], ['set', one, makeSession()]
    ]
    await filled(plain, sessions)
    const expected = [await trace(plain, gets), await trace(plain, writes)]
    await rows.deleteMany({ _id: one })
    await filled(encrypted, sessions)
    assert.deepEqual([await trace(encrypted, gets), await trace(encrypted, writes)], expected)
  })
}

function deferred () {
  const made = {}
  made.promise = new Promise(resolve => { made.resolve = resolve })
  return made
}
