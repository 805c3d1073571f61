'use strict'

// Moving from connect-redis: sessions that the package itself has stored, in a redis-server of the test's.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')
const { RedisStore } = require('connect-redis')
const Redis = require('ioredis')
const { createClient } = require('redis')

const MongoStore = require('../..')
const { migrate } = require('../../migrate')
const { startRedis } = require('../../benchmark/redis')
const { command, jsonOf } = require('../helpers/command-line')
const { db, url } = require('../helpers/migrations')
const { makeSession } = require('../helpers/stores')

const HOUR_MS = 3_600_000
const FROM = ['migrate', '--from', 'connect-redis']

let redis
let server
let number = 0

before(async () => {
  server = await startRedis()
  if (server === null) {
    assert.ok(!process.env.REDIS_REQUIRED, 'there is no redis-server on the path')
    return
  }
  redis = createClient({ url: server.url })
  await redis.connect()
})
after(async () => {
  await redis?.quit()
  await server?.stop()
})

/** A test that takes a redis-server. `body` is given a prefix and a collection that nobody else has. */
function withRedis (title, body) {
  test(title, async t => {
    if (server === null) return t.skip('there is no redis-server on the path')
    const to = `migrate_redis_${++number}`
    await db.collection(to).drop().catch(() => {})
    await body({ prefix: `app [${number}]*:`, to, t })
  })
}

/** Sessions as connect-redis stores them. */
async function stored (prefix, sessions, options) {
  const store = new RedisStore({ client: redis, prefix, ...options })
  for (const [sid, session] of Object.entries(sessions)) await promisify(store.set.bind(store))(sid, session)
}

const rowsOf = async to => (await db.collection(to).find().sort({ _id: 1 }).toArray())
  .map(({ session, ...row }) => ({ ...row, session: JSON.parse(session) }))

describe('connect-redis', () => {
  withRedis('its sessions are copied, with the time that they have left', async ({ prefix, to }) => {
    const one = makeSession({ user: 'é', at: new Date(5) }, HOUR_MS)
    const sessions = { one, other: makeSession({ user: 2 }, 2 * HOUR_MS) }
    await stored(prefix, sessions)
    await stored('app other:', { stranger: makeSession() })
    const env = { REDIS_URL: server.url }
    const { code, stdout, stderr } = await command([...FROM, '--prefix', prefix, '--to', to], { env })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Redis keeps its sessions.*\nRedis has 2 sessions under app .*\n2 were copied to migrate_redis_/)
    const rows = await rowsOf(to)
    assert.deepEqual(rows.map(({ _id, session }) => [_id, session.user]), [['one', 'é'], ['other', 2]])
    for (const [n, hours] of [1, 2].entries()) {
      assert.ok(Math.abs(rows[n].expires - Date.now() - hours * HOUR_MS) < 10_000, String(rows[n].expires))
    }
    assert.equal((await redis.get(`${prefix}one`)) === null, false, 'Redis keeps them')
    assert.ok((await db.collection(to).indexes()).some(({ expireAfterSeconds }) => expireAfterSeconds === 0))

    const store = MongoStore.create({ mongoUrl: url, collectionName: to })
    assert.equal((await store.get('one')).user, 'é')
    assert.deepEqual((await store.get('one')).cookie.originalMaxAge, HOUR_MS)
    await store.close()
  })

  withRedis('it goes on where it was stopped, and leaves what the app has saved since', async ({ prefix, to }) => {
    const sessions = Object.fromEntries(Array.from({ length: 1200 }, (_, n) => [`s${n}`, makeSession({ n }, HOUR_MS)]))
    await stored(prefix, sessions)
    const progress = []
    const options = { db, from: 'connect-redis', redis, prefix, to, onProgress: done => progress.push(done) }
    const stop = new Error('stopped')
    const stopping = { ...options, onProgress: ({ done }) => { if (done === 500) throw stop } }
    await assert.rejects(migrate(stopping), stop)
    assert.equal(await db.collection(to).countDocuments(), 500)
    assert.equal((await migrate({ ...options, dryRun: true })).moved, 700)
    const [touched, saved] = (await db.collection(to).find().limit(2).toArray()).map(({ _id }) => _id)
    await redis.expire(`${prefix}${touched}`, 5 * HOUR_MS / 1000)
    await db.collection(to).updateOne({ _id: saved }, { $set: { session: '{"cookie":{},"n":"saved"}' } })

    progress.length = 0
    const summary = await migrate(options)
    const { total, moved, alreadyMoved, left, ttlIndex } = summary
    assert.deepEqual([total, moved, alreadyMoved, ttlIndex], [1200, 700, 499, true])
    assert.deepEqual(left.map(({ sid }) => sid), [saved])
    assert.match(left[0].reason, /the collection has it with other contents/)
    const { expires } = await db.collection(to).findOne({ _id: touched })
    assert.ok(expires > Date.now() + 4.9 * HOUR_MS, 'it was used in Redis since')
    assert.deepEqual(progress.map(({ done }) => done), [0, 500, 1000, 1200])
    assert.ok(progress.every(({ total }) => total === 1200))
    assert.ok(await redis.ping(), "the app's client stays open")
  })

  withRedis('what never expires, and what is no session', async ({ prefix, to }) => {
    await stored(prefix, { eternal: { cookie: {} } }, { disableTTL: true })
    await redis.set(`${prefix}packed`, 'not JSON')
    await redis.lPush(`${prefix}list`, 'no text at all')
    const env = { REDIS_URL: server.url }
    const { code, result } = await jsonOf([...FROM, '--prefix', prefix, '--to', to, '--show-ids'], { env })
    assert.equal(code, 3)
    assert.deepEqual(result.left.map(({ sid, reason }) => [sid, reason]).sort(), [
      ['list', 'its data is no session: neither a document nor JSON of one'],
      ['packed', 'its data is no session: neither a document nor JSON of one']
    ])
    assert.deepEqual(await rowsOf(to), [{ _id: 'eternal', session: { cookie: {} } }])
    await db.collection(to).deleteMany({})
    await command([...FROM, '--prefix', prefix, '--to', to, '--ttl', '60', '--documents'], { env })
    const [{ session, expires }] = await db.collection(to).find().toArray()
    assert.deepEqual(session, { cookie: {} })
    assert.ok(Math.abs(expires - Date.now() - 60_000) < 10_000)
  })

  withRedis('by a client of ioredis, and without a prefix', async ({ to, t }) => {
    const client = new Redis(server.url)
    t.after(() => client.disconnect())
    await redis.flushDb()
    await stored('', { one: makeSession({ user: 1 }) })
    const { moved } = await migrate({ db, from: 'connect-redis', redis: client, prefix: '', to })
    assert.equal(moved, 1)
    assert.equal((await rowsOf(to))[0].session.user, 1)
  })

  withRedis('a collection of something else is left alone', async ({ prefix, to }) => {
    await db.collection(to).insertOne({ _id: 'a', invoice: 5 })
    await stored(prefix, { one: makeSession() })
    await assert.rejects(migrate({ db, from: 'connect-redis', redis, prefix, to }), /has documents that are no sessions/)
    assert.equal(await db.collection(to).countDocuments(), 1)
  })
})

test('a Redis that is not there is an error, without the password', async () => {
  const { code, stderr } = await command([...FROM, '--to', 'migrate_redis_none', '--redis-url', 'redis://:secret-word@127.0.0.1:1/'], {})
  assert.equal(code, 1)
  assert.match(stderr, /ECONNREFUSED/)
  assert.match(stderr, /The password in --redis-url can be seen in the process list: set REDIS_URL/)
  assert.doesNotMatch(stderr, /secret-word/)
})

test('options that make no sense', async () => {
  const given = { db, from: 'connect-redis', redisUrl: 'redis://127.0.0.1:1' }
  const wrong = [
    [{ ...given, collection: 'a' }, /in no collection: name the one they go to by to, not collection/],
    [{ ...given, redis: {} }, /redis or redisUrl, not both/],
    [{ ...given, redisUrl: undefined }, /needs a redisUrl, like 'redis:\/\/localhost:6379'/],
    [{ ...given, redisUrl: undefined, redis: {} }, /redis must be a client of the package redis or ioredis/],
    [{ ...given, redisUrl: 'redis://:pass/word@127.0.0.1', to: 'migrate_redis_none' }, /^TypeError: redisUrl is no connection string of Redis/],
    [{ ...given, redisUrl: undefined, redis: { sendCommand () {}, options: { keyPrefix: 'a' } } }, /without keyPrefix/],
    [{ ...given, idField: 'a' }, /idField is an option of connect-mongodb-session/],
    [{ db, prefix: 'a' }, /prefix is an option of connect-redis/],
    [{ ...given, from: 'connect-rediss' }, /from must be .*did you mean connect-redis/]
  ]
  for (const [options, message] of wrong) await assert.rejects(migrate(options), message)
})
