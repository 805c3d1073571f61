'use strict'

// Where the addon cannot be loaded, a borrowed connection still works: one operation a command, in order.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { runScript } = require('../helpers/child')

const env = { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere/there-is-no-addon.node' }

/** Runs a script with `store`, on a client of the app's, and `client`; returns what it logs, in lines. */
async function run (script, options = '') {
  const { code, stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(url)
    const options = { client, collectionName: 'one-by-one', autoRemove: 'disabled' ${options} }
    const store = MongoStore.create(options)
    process.on('warning', ({ code }) => console.log('warning', code))
    const log = value => console.log(JSON.stringify(value))
    ;(async () => { ${script} })().catch(error => { console.log('failed', error) }).then(() => store.close())
  `, { env })
  assert.equal(code, 0, stderr)
  return stdout.trim().split('\n')
}

test('everything works, with one warning', async () => {
  const lines = await run(`
    const other = MongoStore.create({ ...options, client: new MongoClient(url) })
    await store.clear()
    const created = []
    store.on('create', id => created.push(id))
    await Promise.all(['a', 'b', 'c'].map(id => store.set(id, { cookie: {}, id })))
    log(created.sort())
    log((await Promise.all(['a', 'b', 'x'].map(id => store.get(id)))).map(session => session?.id ?? null))
    await store.touch('a', { cookie: {} })
    log(await store.touch('x', { cookie: {} }).catch(({ message }) => message))
    await store.destroy('a')
    log([await store.length(), (await store.all()).map(({ id }) => id).sort(), (await store.ids()).sort()])
    await store.ping()
    log((await store.stats()).connected)
    await other.close()
  `)
  assert.deepEqual(lines, [
    'warning CONNECT_MONGO_NO_ADDON', '["a","b","c"]', '["a","b",null]', '"Unable to find the session to touch"',
    '[2,["b","c"],["b","c"]]', 'true'
  ])
})

test('operations on one id, and a clear, take effect in the order of the calls', async () => {
  const lines = await run(`
    store.clear()
    const seen = []
    for (let n = 0; n < 50; n++) {
      store.set('a', { cookie: {}, n })
      seen.push(store.get('a').then(session => session.n))
    }
    const count = store.length()
    const clear = store.clear()
    const after = store.get('a')
    store.set('b', { cookie: {} })
    const rest = store.length()
    log((await Promise.all(seen)).every((n, index) => n === index))
    await clear
    log([await count, await after, await rest])
  `)
  assert.deepEqual(lines.slice(1), ['true', '[1,null,1]'])
})

test('what overlapping requests save is merged, and what is gone stays gone', async () => {
  const lines = await run(`
    const load = async id => store.createSession({ sessionID: id, sessionStore: store }, await store.get(id))
    const first = new session.Session({ sessionID: 'm', sessionStore: store }, { n: 0 })
    first.cookie = new session.Cookie()
    await store.destroy('m')
    await store.set('m', first)
    const [one, other] = [await load('m'), await load('m')]
    one.one = 1
    other.other = 1
    await Promise.all([store.set('m', one), store.set('m', other)])
    log(Object.keys(await store.get('m')).sort())
    await store.destroy('m')
    one.late = 1
    store.on('gone', id => log(['gone', id]))
    await store.set('m', one)
    log(await store.get('m'))
  `, ", conflicts: 'merge'")
  assert.deepEqual(lines.slice(1), ['["cookie","n","one","other"]', '["gone","m"]', 'null'])
})

test('the queue is bounded, and a store that is closed refuses', async () => {
  const lines = await run(`
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(id => store.get(id)))
    log(outcomes.map(({ reason }) => reason?.name ?? null))
    await store.close()
    log(await store.get('a').catch(({ name }) => name))
  `, ', maxQueue: 2')
  assert.deepEqual(lines.slice(1), ['[null,null,"MongoQueueFullError"]', '"MongoClientClosedError"'])
})

test('a URL says what is missing, and what works without it', async () => {
  const { stdout } = await runScript(`
    try { MongoStore.create({ mongoUrl: url }) } catch ({ message }) { console.log(message) }`, { env })
  assert.match(stdout, /found no native addon/)
  assert.match(stdout, /a connection of your own works .*\sbackend: 'driver' and the package mongodb/s)
})

test('what is refused lets nothing overtake what is under way', async () => {
  const lines = await run(`
    await store.clear()
    const slow = store.set('a', { cookie: {}, slow: true })
    const other = store.get('b')
    log(await store.set('a', { cookie: {} }).catch(({ name }) => name))
    await other
    const destroyed = store.destroy('a')
    await Promise.all([slow, destroyed])
    log(await store.get('a'))
  `, `, maxQueue: 2, cryptoAdapter: {
    encrypt: text => new Promise(resolve => setTimeout(resolve, text.includes('slow') ? 300 : 0, text)),
    decrypt: async text => text
  }`)
  assert.deepEqual(lines.slice(1), ['"MongoQueueFullError"', 'null'])
})
