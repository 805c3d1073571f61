'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { runScript } = require('../helpers/child')
const { callback, makeSession, useCollection } = require('../helpers/stores')

const { backends, legacy, modern } = useCollection('callbacks')

/** An operation of each kind that fails, with what makes it fail. */
const FAILING = {
  get: [{ unserialize: () => { throw new Error('on purpose') } }, 'present'],
  set: [{ serialize: () => { throw new Error('on purpose') } }, 'a', {}],
  touch: [{ transformId: () => { throw new Error('on purpose') } }, 'a', {}],
  destroy: [{ transformId: () => { throw new Error('on purpose') } }, 'a']
}

describe('what methods call back with, and resolve to', () => {
  test('legacy', async () => {
    const store = legacy()
    const session = makeSession({ user: 'legacy' })
    const stored = JSON.parse(JSON.stringify(session))
    assert.deepEqual(await callback(store, 'set', 'legacy', session), [null, undefined])
    assert.equal(await store.set('legacy', session), undefined)
    assert.deepEqual(await callback(store, 'get', 'legacy'), [null, stored])
    assert.deepEqual(await store.get('legacy'), stored)
    assert.deepEqual(await callback(store, 'get', 'missing'), [null, undefined])
    assert.equal(await store.get('missing'), undefined)
    assert.deepEqual(await callback(store, 'touch', 'legacy', session), [null, undefined])
    assert.equal(await store.touch('legacy', session), undefined)
    assert.deepEqual(await callback(store, 'touch', 'missing', session), [null, undefined])
    assert.deepEqual(await callback(store, 'all'), [null, [stored]])
    assert.deepEqual(await callback(store, 'ids'), [null, ['legacy']])
    assert.deepEqual(await callback(store, 'length'), [null, 1])
    assert.deepEqual(await callback(store, 'destroy', 'legacy'), [null, false])
    store.on('destroy', () => {})
    assert.deepEqual(await callback(store, 'destroy', 'legacy'), [null, true])
    assert.equal(await store.destroy('missing'), true)
    assert.deepEqual(await callback(store, 'clear'), [null, true])
    assert.equal(await store.clear(), true)
  })

  test('modern', async () => {
    const store = modern()
    const session = makeSession({ user: 'modern' })
    const stored = JSON.parse(JSON.stringify(session))
    assert.deepEqual(await callback(store, 'set', 'modern', session), [null])
    assert.equal(await store.set('modern', session), undefined)
    assert.deepEqual(await callback(store, 'get', 'modern'), [null, stored])
    assert.deepEqual(await store.get('modern'), stored)
    assert.deepEqual(await callback(store, 'get', 'missing'), [null, null])
    assert.equal(await store.get('missing'), null)
    assert.deepEqual(await callback(store, 'touch', 'modern', session), [null])
    assert.equal(await store.touch('modern', session), undefined)
    assert.deepEqual(await callback(store, 'all'), [null, [stored]])
    assert.deepEqual(await callback(store, 'ids'), [null, ['modern']])
    assert.deepEqual(await callback(store, 'length'), [null, 1])
    assert.deepEqual(await callback(store, 'destroy', 'modern'), [null])
    assert.equal(await store.destroy('missing'), undefined)
    assert.deepEqual(await callback(store, 'clear'), [null])
    assert.equal(await store.clear(), undefined)
  })

  test('modern: a touch of a session that is gone fails', async () => {
    const store = modern()
    const missing = { message: 'Unable to find the session to touch' }
    const [error, ...rest] = await callback(store, 'touch', 'missing', makeSession())
    assert.equal(error.message, missing.message)
    assert.deepEqual(rest, [])
    await assert.rejects(store.touch('missing', makeSession()), missing)
  })

  for (const [dialect, open] of Object.entries(backends)) {
    test(`${dialect}: ping, stats, sweep and close`, async () => {
      const store = open()
      assert.equal((await callback(store, 'ping'))[0], null)
      const [, stats] = await callback(store, 'stats')
      assert.equal(typeof stats.queued, 'number')
      assert.equal(typeof stats.operations, 'object')
      assert.equal(typeof (await callback(store, 'sweep'))[1], 'number')
      assert.equal((await callback(store, 'close'))[0], null)
      await store.close()
    })

    test(`${dialect}: a session that is no session is stored as null`, async () => {
      const store = open()
      await store.set('nothing')
      assert.equal(await store.get('nothing'), null)
    })

    test(`${dialect}: each get returns an object of its own`, async () => {
      const store = open()
      await store.set('own', makeSession({ list: [] }))
      const [one, other] = await Promise.all([store.get('own'), store.get('own')])
      one.list.push(1)
      assert.deepEqual(other.list, [])
    })
  }
})

describe('how', () => {
  for (const [dialect, open] of Object.entries(backends)) {
    test(`${dialect}: once, and never before the method has returned`, async () => {
      const store = open()
      await store.set('present', makeSession())
      const bad = { get: [{}], set: [{}, {}], touch: [{}, {}], destroy: [{}], all: [], ids: [], length: [], ping: [] }
      for (const [method, args] of Object.entries(bad)) {
        let calls = 0
        store[method](...args, () => { calls++ })
        assert.equal(calls, 0, method)
        await store[method](...args).catch(() => {})
        // Calls of different kinds may overtake each other, and a second callback would come at once.
        for (let tries = 0; tries < 200 && calls === 0; tries++) await new Promise(resolve => setTimeout(resolve, 10))
        await new Promise(resolve => setTimeout(resolve, 10))
        assert.equal(calls, 1, method)
      }
    })

    test(`${dialect}: a failure goes to the callback and rejects the promise`, async () => {
      await open().set('present', makeSession())
      for (const [method, [options, ...args]] of Object.entries(FAILING)) {
        const store = open(options)
        const [error, ...rest] = await callback(store, method, ...args)
        assert.equal(error.message, 'on purpose', method)
        assert.deepEqual(rest, [], method)
        await assert.rejects(store[method](...args), { message: 'on purpose' }, method)
        await assert.rejects(store[method](...args, () => {}), { message: 'on purpose' }, method)
      }
    })

    test(`${dialect}: what is no callback is ignored`, async () => {
      const store = open()
      for (const value of [undefined, null, 'cb', {}]) await store.set('a', makeSession(), value)
    })
  }

  test('with a callback, a failure is no unhandled rejection', async () => {
    const { code, stderr, stdout } = await runScript(`
      const store = MongoStore.create({ mongoUrl: url, collectionName: 'callbacks' })
      store.set({}, {}, error => {
        console.log(error.name)
        store.get({}, () => store.destroy({}, () => store.touch({}, {}, () => store.close())))
      })`)
    assert.equal(stderr, '')
    assert.equal(stdout, 'TypeError\n')
    assert.equal(code, 0)
  })

  test('a callback that throws is the uncaught exception of the app, once, and disturbs nobody', async () => {
    const { stdout, stderr } = await runScript(`
      process.on('uncaughtException', error => console.log('uncaught', error.message))
      process.on('unhandledRejection', error => console.log('unhandled', error.message))
      const store = MongoStore.create({ mongoUrl: url, collectionName: 'callbacks' })
      let calls = 0
      const others = []
      for (let i = 0; i < 10; i++) others.push(store.set('batch' + i, { i }))
      store.get('batch5', () => { calls++; throw new Error('by get') })
      store.set('batch10', {}, () => { calls++; throw new Error('by set') })
      for (let i = 0; i < 10; i++) others.push(store.get('batch' + i))
      Promise.all(others).then(answers => {
        console.log(answers.slice(10).map(session => session.i).join())
        setTimeout(() => { console.log('calls', calls); store.close() }, 50)
      })`)
    assert.equal(stderr, '')
    assert.deepEqual(stdout.trim().split('\n').sort(), [
      '0,1,2,3,4,5,6,7,8,9', 'calls 2', 'uncaught by get', 'uncaught by set'
    ])
  })
})
