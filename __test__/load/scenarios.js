'use strict'

// What `npm run test:load` runs, each in a process of its own: much at once, for long, or large. Every one
// returns what it measured, and throws what is wrong.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const MongoStore = require('../..')

const MB = 1 << 20
const COLLECTION = 'load'
const AT_ONCE = 128
const IDS = 10_000
/** The share of the operations after which memory is measured first, and how much more it may be late. */
const FIRST = 0.1
const GROWTH = 1.1
/** Of the client that asks the server, which may have opened more meanwhile. */
const OWN_CONNECTIONS = 2
/** Handles that come and go: timers, and connections of a client, whose pool grows late. */
const MARGIN = 40

/** `store(options)` opens one on a backend; `rows` and `admin` are the driver's. */
async function withServer (backend, body) {
  const url = process.env.TEST_URL
  const client = await MongoClient.connect(url)
  const rows = client.db().collection(COLLECTION)
  await rows.drop().catch(() => {})
  const open = options => MongoStore.create({
    ...backend === 'core' ? { mongoUrl: url } : { client: new MongoClient(url) },
    collectionName: COLLECTION, autoRemove: 'disabled', ...options
  })
  try {
    return await body({ open, rows, admin: client.db('admin') })
  } finally {
    await rows.drop().catch(() => {})
    await client.close()
  }
}

const SCENARIOS = {
  /** Memory, handles, server sessions and cursors stay as they are. */
  operations: (backend, count) => withServer(backend, async ({ open, admin }) => {
    const before = await serverSide(admin)
    const store = open()
    let done = 0
    let early
    let handles
    let sessions
    const random = randomFrom(1)
    const work = async () => {
      while (done++ < count) {
        const id = `id-${Math.floor(random() * IDS)}`
        const kind = random()
        if (kind < 0.5) await store.get(id)
        else if (kind < 0.8) await store.set(id, { cookie: {}, text: 'x'.repeat(random() * 1000) })
        else if (kind < 0.95) await store.touch(id, { cookie: {} }).catch(() => {}) // it may be gone
        else await store.destroy(id)
        if (early === undefined && done >= count * FIRST) {
          // By now a client's pool is as large as it gets.
          early = memory()
          handles = process.getActiveResourcesInfo().length
          sessions = (await serverSide(admin)).sessions
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const late = memory()
    await sleep(200)
    const held = process.getActiveResourcesInfo().length
    assert.ok(held <= handles + MARGIN, `handles: ${handles} early, ${held} late`)
    const used = (await serverSide(admin)).sessions
    assert.ok(used <= sessions + AT_ONCE, `server sessions: ${sessions} early, ${used} late`)
    assert.ok(late <= early * GROWTH, `memory: ${early} MB early, ${late} MB late`)
    await store.close()
    await settle(async () => {
      const after = await serverSide(admin)
      assert.ok(after.cursors <= before.cursors, `cursors: ${before.cursors} before, ${after.cursors} after`)
      const more = after.connections - before.connections
      assert.ok(more <= OWN_CONNECTIONS, `${more} more connections than before`)
    })
    return { 'early MB': early, 'late MB': late }
  }),

  /** Called in one turn of the event loop. */
  'at once': (backend, count) => withServer(backend, async ({ open, rows }) => {
    const store = open({ maxQueue: count, operationTimeoutMS: 600_000 })
    await Promise.all(Array.from({ length: count }, (_, n) => store.set(`id-${n}`, { cookie: {}, n })))
    const found = await Promise.all(Array.from({ length: count }, (_, n) => store.get(`id-${n}`)))
    found.forEach((session, n) => assert.equal(session?.n, n))
    assert.equal(await rows.countDocuments({}), count)
    await store.close()
    return { MB: memory() }
  }),

  /** On one URL: the core's share their connections. */
  stores: (backend, count) => withServer(backend, async ({ open, admin }) => {
    const { connections } = await serverSide(admin)
    const stores = Array.from({ length: count }, () => open())
    await Promise.all(stores.map((store, n) => store.set(`id-${n}`, { cookie: {}, n })))
    const found = await Promise.all(stores.map((store, n) => store.get(`id-${(n + 1) % count}`)))
    found.forEach((session, n) => assert.equal(session.n, (n + 1) % count))
    const more = (await serverSide(admin)).connections - connections
    // A pool of 100 by default, and monitoring.
    if (backend === 'core') assert.ok(more <= 103, `${more} connections`)
    await Promise.all(stores.map(store => store.close()))
    return { connections: more }
  }),

  /** Processes that sweep one collection at the same time remove what has expired, and nothing else. */
  sweepers: (backend, count) => withServer(backend, async ({ rows }) => {
    const processes = 8
    const past = new Date(Date.now() - 60_000)
    const future = new Date(Date.now() + 3_600_000)
    await insert(rows, count, n => ({ _id: `id-${n}`, session: '{"cookie":{}}', expires: n % 2 ? past : future }))
    const children = Array.from({ length: processes }, () => fork(__filename, ['sweep', backend]))
    const removed = await Promise.all(children.map(async child => {
      const [[number], [code]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
      assert.equal(code, 0)
      return number
    }))
    assert.equal(removed.reduce((sum, number) => sum + number), Math.floor(count / 2))
    assert.equal(await rows.countDocuments({ expires: future }), Math.ceil(count / 2))
    assert.equal(await rows.countDocuments({ expires: past }), 0)
    return {}
  }),

  /** A large collection: every id once, and gets as from a small one. */
  rows: (backend, count) => withServer(backend, async ({ open, rows }) => {
    const expires = new Date(Date.now() + 86_400_000)
    await insert(rows, count, n => ({ _id: `id-${n}`, session: `{"cookie":{},"n":${n}}`, expires }))
    const store = open({ operationTimeoutMS: 600_000 })
    assert.equal(await store.length(), count)
    const started = Date.now()
    const ids = await store.ids()
    assert.equal(ids.length, count)
    assert.equal(new Set(ids).size, count)
    const scan = Date.now() - started
    const random = randomFrom(2)
    const times = []
    for (let n = 0; n < 1000; n++) {
      const wanted = Math.floor(random() * count)
      const start = performance.now()
      assert.equal((await store.get(`id-${wanted}`)).n, wanted)
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    await store.close()
    return { 'ids ms': scan, 'get p50 ms': times[500].toFixed(2), 'get p99 ms': times[990].toFixed(2), MB: memory() }
  }),

  /** 15 MB is stored, 17 MB is refused, and neither is anything to the sessions beside it. */
  'large sessions': (backend, count) => withServer(backend, async ({ open }) => {
    const store = open({ operationTimeoutMS: 120_000 })
    const [large, larger] = [15, 17].map(size => ({ cookie: {}, text: 'x'.repeat(size * 1_000_000) }))
    for (let round = 0; round < count; round++) {
      const [stored, refused, beside] = await Promise.allSettled([
        store.set('large', large), store.set('larger', larger), store.set('beside', { cookie: {}, round })
      ])
      assert.equal(stored.status, 'fulfilled', stored.reason?.message)
      assert.equal(refused.status, 'rejected')
      assert.equal(beside.status, 'fulfilled')
      assert.equal((await store.get('large')).text.length, 15_000_000)
      assert.equal((await store.get('beside')).round, round)
    }
    await store.close()
    return { MB: memory() }
  }),

  /** More payload at once than the process's bound: what has no room waits, and all are stored. */
  'sets of 1 MB': (backend, count) => withServer(backend, async ({ open, rows }) => {
    const store = open({ operationTimeoutMS: 120_000 })
    const text = 'x'.repeat(MB)
    const sets = Array.from({ length: count }, (_, n) => store.set(`id-${n}`, { cookie: {}, text, n }))
    const outcomes = await Promise.allSettled(sets)
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    assert.equal(failed.length, 0, `${failed.length} failed: ${failed[0]?.reason.message}`)
    assert.equal(await rows.countDocuments({}), count)
    await store.close()
    return { MB: memory() }
  })
}

async function insert (rows, count, row) {
  const size = 10_000
  for (let start = 0; start < count; start += size) {
    const batch = Array.from({ length: Math.min(size, count - start) }, (_, n) => row(start + n))
    await rows.insertMany(batch, { ordered: false })
  }
}

async function serverSide (admin) {
  const { connections, logicalSessionRecordCache, metrics } = await admin.command({ serverStatus: 1 })
  return {
    connections: connections.current,
    cursors: metrics.cursor.open.total,
    sessions: logicalSessionRecordCache.activeSessionsCount
  }
}

/** Until it holds: sockets close a moment later. */
async function settle (check) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await check()
    } catch (error) {
      if (attempt === 50) throw error
      await sleep(100)
    }
  }
}

function memory () {
  globalThis.gc()
  globalThis.gc()
  return Math.round(process.memoryUsage().rss / MB)
}

/** Numbers from 0 to 1, the same each time (mulberry32). */
function randomFrom (seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

async function run ([name, backend, count]) {
  if (name === 'sweep') {
    const url = process.env.TEST_URL
    const store = MongoStore.create({
      ...backend === 'core' ? { mongoUrl: url } : { client: new MongoClient(url) },
      collectionName: COLLECTION, autoRemove: 'disabled', operationTimeoutMS: 600_000
    })
    process.send(await store.sweep())
    await store.close()
    return process.disconnect()
  }
  const started = Date.now()
  const measured = await SCENARIOS[name](backend, Number(count))
  process.send({ ...measured, seconds: Math.round((Date.now() - started) / 1000) })
  process.disconnect()
}

if (require.main === module) run(process.argv.slice(2))

module.exports = { names: Object.keys(SCENARIOS), file: path.resolve(__filename) }
