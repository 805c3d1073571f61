'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')

const { runScript } = require('../helpers/child')
const { makeSession, useCollection } = require('../helpers/stores')

const { backends, legacy, modern } = useCollection('events')

const EVENTS = [
  'init', 'connecting', 'connected', 'disconnected', 'connect', 'disconnect', 'create', 'update', 'set', 'touch', 'get',
  'destroy', 'all', 'error'
]

/** Records the events of a store from now on, as arrays of their names and arguments. */
function record (store) {
  const events = []
  for (const name of EVENTS) store.on(name, (...details) => events.push([name, ...details]))
  return events
}

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    test('create or update, then set, then the callback', async () => {
      const store = open({ autoRemove: 'disabled' })
      await store.ping()
      const events = record(store)
      const sid = `${dialect}-order`
      const set = () => new Promise(resolve => store.set(sid, makeSession(), () => {
        events.push(['callback'])
        resolve()
      }))
      await set()
      await set()
      const seen = events.filter(([name]) => name !== 'connected')
      assert.deepEqual(seen, [
        ['create', sid], ['set', sid], ['callback'], ['update', sid], ['set', sid], ['callback']
      ])
    })

    test('touch with the id and the session, after a touch that was written', async () => {
      const store = open()
      const sid = `${dialect}-touch`
      await store.set(sid, makeSession())
      const session = makeSession({ user: 1 })
      const touched = once(store, 'touch')
      await store.touch(sid, session)
      const [id, touchedSession] = await touched
      assert.equal(id, sid)
      assert.equal(touchedSession, session)
    })

    test('no touch for one that touchAfter spared', async () => {
      const store = open({ touchAfter: 3600 })
      const sid = `${dialect}-spared`
      await store.set(sid, makeSession())
      const events = record(store)
      await store.touch(sid, await store.get(sid))
      assert.ok(!events.some(([name]) => name === 'touch'))
    })

    test('destroy, even if nothing was there', async () => {
      const store = open()
      const events = record(store)
      await store.destroy(`${dialect}-never`)
      assert.deepEqual(events.filter(([name]) => name === 'destroy'), [['destroy', `${dialect}-never`]])
    })

    test('all, with what it returns', async () => {
      const store = open()
      const event = once(store, 'all')
      const sessions = await store.all()
      assert.equal((await event)[0], sessions)
    })

    test('nothing for an operation that failed', async () => {
      const store = open({ serialize: () => { throw new Error('on purpose') } })
      const events = record(store)
      await assert.rejects(store.set('a', makeSession()))
      await assert.rejects(store.destroy({}))
      await assert.rejects(store.touch({}, makeSession()))
      assert.deepEqual(events.filter(([name]) => !['connected', 'error'].includes(name)), [])
    })

    test("they are emitted by the store's own emit", async () => {
      const store = open()
      const names = []
      store.emit = function (name, ...details) {
        names.push(name)
        return Object.getPrototypeOf(this).emit.call(this, name, ...details)
      }
      await store.destroy('a')
      assert.ok(names.includes('destroy'))
    })
  })
}

test('legacy: get for a session that is there only', async () => {
  const store = legacy()
  await store.set('legacy-get', makeSession())
  const events = record(store)
  await store.get('legacy-get')
  await store.get('legacy-missing')
  assert.deepEqual(events.filter(([name]) => name === 'get'), [['get', 'legacy-get']])
})

test('modern: get for any session', async () => {
  const store = modern()
  await store.set('modern-get', makeSession())
  const events = record(store)
  await store.get('modern-get')
  await store.get('modern-missing')
  assert.deepEqual(events.filter(([name]) => name === 'get'), [['get', 'modern-get'], ['get', 'modern-missing']])
})

test('legacy: touch for a session that is gone, as it passes for one that went well', async () => {
  const store = legacy()
  const event = once(store, 'touch')
  await store.touch('legacy-gone', makeSession())
  assert.equal((await event)[0], 'legacy-gone')
})

test('modern: no touch for a session that is gone', async () => {
  const store = modern()
  const events = record(store)
  await assert.rejects(store.touch('modern-gone', makeSession()))
  assert.ok(!events.some(([name]) => name === 'touch'))
})

test('legacy: connected, without arguments, and store.state', async () => {
  const store = legacy()
  assert.equal(store.state, 'connecting')
  assert.deepEqual(await once(store, 'connected'), [])
  assert.equal(store.state, 'connected')
})

test('modern: connected, without arguments, and no store.state', async () => {
  const store = modern()
  assert.deepEqual(await once(store, 'connected'), [])
  assert.equal(store.state, undefined)
})

test('no store emits connect or disconnect, by which express-session would stop to serve sessions', async () => {
  for (const open of Object.values(backends)) {
    const store = open()
    const events = record(store)
    await store.ping()
    await store.close()
    assert.ok(!events.some(([name]) => name === 'connect' || name === 'disconnect'))
  }
})

test('a listener that throws is an uncaught exception, and not the error of what succeeded', async () => {
  const { stdout, stderr } = await runScript(`
    process.on('uncaughtException', error => console.log('uncaught', error.message))
    const store = MongoStore.create({ mongoUrl: url, collectionName: 'events' })
    store.on('update', () => { throw new Error('by update') })
    store.on('create', () => { throw new Error('by create') })
    store.on('set', () => console.log('set'))
    store.set('throwing' + process.pid, {}, error => {
      console.log('answer', error)
      store.close()
    })`)
  assert.equal(stderr, '')
  assert.deepEqual(stdout.trim().split('\n'), ['set', 'uncaught by create', 'answer null'])
})

test('trouble that no caller hears of: an error event for those who listen, nothing for others', async () => {
  const script = listener => `
    const store = MongoStore.create({
      mongoUrl: 'mongodb://127.0.0.1:1/', mongoOptions: { serverSelectionTimeoutMS: 200 }
    })
    ${listener}
    setTimeout(() => console.log('alive'), 1500)`
  const silent = await runScript(script(''))
  assert.equal(silent.code, 0)
  assert.equal(silent.stdout, 'alive\n')
  const heard = await runScript(script("store.on('error', error => console.log(error instanceof Error))"))
  assert.equal(heard.code, 0)
  assert.match(heard.stdout, /^(true\n)+alive\n$/)
})
