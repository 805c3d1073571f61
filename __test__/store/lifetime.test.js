'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { runScript } = require('../helpers/child')
const { makeSession, useCollection } = require('../helpers/stores')

const { backends, rows } = useCollection('lifetime')

test('an idle store does not keep the process alive', async () => {
  for (const options of ['', ", autoRemove: 'interval'"]) {
    const start = Date.now()
    const { code, stdout, stderr } = await runScript(`
      const store = MongoStore.create({ mongoUrl: url, collectionName: 'lifetime'${options} })
      store.set('idle', {}).then(() => console.log('done'))`)
    assert.equal(stderr, '')
    assert.equal(stdout, 'done\n')
    assert.equal(code, 0)
    assert.ok(Date.now() - start < 10_000)
  }
})

test('nor does one that was never used', async () => {
  const { code, stderr } = await runScript('new (MongoStore(session))({ url })')
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('operations under way are finished first', async () => {
  const { code, stderr } = await runScript(`
    const store = MongoStore.create({ mongoUrl: url, collectionName: 'lifetime' })
    for (let i = 0; i < 500; i++) store.set('pending' + i, { i })`)
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.equal(await rows.countDocuments({ _id: /^pending/ }), 500)
})

test('a closed store leaves nothing open, and an operation that comes too late neither', async () => {
  const { stdout, stderr } = await runScript(`
    // As jest --detectOpenHandles looks for them.
    const open = new Map()
    require('node:async_hooks').createHook({
      init: (id, type) => { if (type.includes('threadsafe')) open.set(id, type) },
      destroy: id => open.delete(id)
    }).enable()
    const settled = () => new Promise(resolve => setTimeout(resolve, 20))
    async function main () {
      const store = MongoStore.create({ mongoUrl: url, collectionName: 'lifetime' })
      await store.set('open', {})
      console.log('in use', open.size)
      await Promise.all([store.get('open'), store.close(), store.close()])
      await settled()
      console.log('closed', open.size)
      for (let i = 0; i < 2; i++) {
        await store.get('open').catch(({ name }) => console.log(name))
        await store.close()
        await settled()
        console.log('after', open.size)
      }
    }
    main()`)
  assert.equal(stderr, '')
  assert.deepEqual(stdout.trim().split('\n'), [
    'in use 1', 'closed 0', 'MongoClientClosedError', 'after 0', 'MongoClientClosedError', 'after 0'
  ])
})

test('a store that nobody holds is collected, and says connected first', async () => {
  const { code, stdout, stderr } = await runScript(`
    const LegacyStore = MongoStore(session)
    let collected = 0
    const registry = new FinalizationRegistry(() => { collected++ })
    function make () {
      const store = new LegacyStore({ url, collection: 'lifetime' })
      store.once('connected', () => console.log('connected'))
      registry.register(store)
    }
    make()
    const timer = setInterval(() => {
      gc()
      if (collected === 0) return
      console.log('collected')
      clearInterval(timer)
    }, 50)`, { env: { NODE_OPTIONS: '--expose-gc' } })
  assert.equal(stderr, '')
  assert.equal(stdout, 'connected\ncollected\n')
  assert.equal(code, 0)
})

test('a store on an app\'s connection that nobody holds is collected, and leaves the connection open', async () => {
  const { code, stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(url)
    let collected = 0
    const registry = new FinalizationRegistry(() => { collected++ })
    async function make () {
      const store = MongoStore.create({ client, collectionName: 'lifetime', autoRemove: 'interval', autoRemoveInterval: 0.001 })
      registry.register(store)
      await store.ping()
    }
    make().then(() => {
      const timer = setInterval(async () => {
        gc()
        if (collected === 0) return
        clearInterval(timer)
        console.log((await client.db().command({ ping: 1 })).ok)
        await client.close()
      }, 50)
    })`, { env: { NODE_OPTIONS: '--expose-gc' } })
  assert.equal(stderr, '')
  assert.equal(stdout, '1\n')
  assert.equal(code, 0)
})

for (const [dialect, open] of Object.entries(backends)) {
  test(`${dialect}: close lets accepted operations finish`, async () => {
    const store = open()
    const sets = Array.from({ length: 50 }, (_, i) => store.set(`${dialect}-closing-${i}`, makeSession()))
    await store.close()
    await Promise.all(sets)
    assert.equal(await rows.countDocuments({ _id: new RegExp(`^${dialect}-closing-`) }), 50)
  })

  test(`${dialect}: close at once, with the index under way`, async () => {
    await open().close()
  })

  test(`${dialect}: disposal closes`, async () => {
    const store = open()
    await store.ping()
    if (Symbol.asyncDispose) await store[Symbol.asyncDispose]()
    else await store.close()
    await assert.rejects(store.ping())
  })
}
