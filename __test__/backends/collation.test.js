'use strict'

// Collections whose collation takes for one what differs: no store works on one by which ids are equal, and
// none with `conflicts` on one by which values are.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const SessionStore = require('../../session-mongoose')(session)
const { equatesIds } = require('../../lib/backends/driver/collation')
const { runScript } = require('../helpers/child')
const { fresh, loaded } = require('../helpers/conflicts')
const { DATABASE, LegacyStore, makeSession, MongoStore, testUrl } = require('../helpers/stores')

const url = testUrl()
const client = new MongoClient(url)
const db = client.db(DATABASE)
const closing = []
const keep = store => {
  closing.push(() => store.close())
  return store
}

after(async () => {
  await Promise.all(closing.map(close => close()))
  await client.close()
})

/** A new collection of this collation; its name. */
let collections = 0
async function collectionOf (collation) {
  const name = `collation-${++collections}`
  await db.collection(name).drop().catch(() => {}) // there may be none
  await db.createCollection(name, collation === undefined ? {} : { collation })
  return name
}

const QUIET = { autoRemove: 'disabled' }
const STORES = {
  'modern by URL': (name, options) => MongoStore.create({ mongoUrl: url, collectionName: name, ...QUIET, ...options }),
  'legacy by URL': (name, options) => new LegacyStore({ url, collection: name, ...QUIET, ...options }),
  'modern, dialled by the driver': (name, options) =>
    MongoStore.create({ mongoUrl: url, backend: 'driver', collectionName: name, ...QUIET, ...options }),
  'modern on a client': (name, options) =>
    MongoStore.create({ client: new MongoClient(url), dbName: DATABASE, collectionName: name, ...QUIET, ...options }),
  'legacy on a Db': (name, options) =>
    new LegacyStore({ db: new MongoClient(url).db(DATABASE), collection: name, ...QUIET, ...options }),
  'legacy on a Mongoose connection': (name, options) => {
    const connection = new Mongoose().createConnection(url)
    return new LegacyStore({ mongooseConnection: connection, collection: name, ...QUIET, ...options })
  }
}
const MONGOOSE_STORES = {
  'session-mongoose by URL': name => new SessionStore({ url, collection: name, sweeper: false }),
  'session-mongoose, dialled by the driver': name =>
    new SessionStore({ url, collection: name, backend: 'driver', sweeper: false })
}

const IDS_EQUAL = [
  { locale: 'en', strength: 1 },
  { locale: 'en', strength: 1, caseLevel: true },
  { locale: 'en', strength: 2 },
  { locale: 'en', numericOrdering: true },
  { locale: 'en', alternate: 'shifted' }
]
const VALUES_EQUAL = [
  { locale: 'en' },
  { locale: 'en', strength: 5, numericOrdering: true },
  { locale: 'fr', strength: 4, alternate: 'shifted' },
  { locale: 'en', alternate: 'shifted', maxVariable: 'space' }
]

/** Every method of a store, as it is called. */
const METHODS = {
  get: store => store.get('ABC'),
  set: store => store.set('ABC', makeSession({ mine: true })),
  touch: store => store.touch('ABC', makeSession()),
  destroy: store => store.destroy('ABC'),
  all: store => store.all(),
  ids: store => store.ids(),
  length: store => store.length(),
  clear: store => store.clear(),
  sweep: store => store.sweep(),
  ping: store => store.ping()
}

for (const [way, open] of Object.entries({ ...STORES, ...MONGOOSE_STORES })) {
  describe(way, () => {
    test("by which ids are equal: each operation fails, and nothing happens to another's session", async () => {
      const name = await collectionOf({ locale: 'en', strength: 2 })
      const row = { _id: 'abc', sid: 'abc', session: '{"cookie":{},"theirs":true}', expires: new Date(Date.now() + 60_000) }
      await db.collection(name).insertOne(row)
      const store = keep(open(name))
      const errors = []
      store.on('error', error => errors.push(error.message))
      const expected = ({ name: error, message }) => error === 'MongoInvalidArgumentError' &&
        message.startsWith(`the collation of ${name} (locale en, strength 2) takes session ids that differ for one`)
      for (const round of ['at the start', 'later']) {
        const outcomes = await Promise.allSettled(Object.values(METHODS).map(call => call(store)))
        outcomes.forEach(({ reason, status }, index) => {
          assert.equal(status, 'rejected', `${round}: ${Object.keys(METHODS)[index]}`)
          assert.ok(expected(reason), `${round}: ${reason}`)
        })
      }
      assert.deepEqual(await db.collection(name).findOne(), row)
      assert.equal(errors.length, 1, 'it is said once')
      await store.close()
    })

    test('the simple collation, or none, and one that tells ids apart: it works', async () => {
      for (const collation of [undefined, { locale: 'simple' }, { locale: 'en' }]) {
        const store = keep(open(await collectionOf(collation)))
        await store.set('abc', makeSession({ n: 1 }))
        assert.equal((await store.get('abc')).n, 1)
        assert.ok(!await store.get('ABC'))
      }
    })
  })
}

for (const [way, open] of Object.entries(STORES)) {
  test(`${way}: with conflicts, a collation by which values are equal is an error`, async () => {
    for (const collation of [...IDS_EQUAL, ...VALUES_EQUAL]) {
      const store = keep(open(await collectionOf(collation), { conflicts: 'merge' }))
      await assert.rejects(store.set('a', makeSession()), { name: 'MongoInvalidArgumentError' }, JSON.stringify(collation))
      await store.close()
    }
    const store = keep(open(await collectionOf({ locale: 'simple' }), { conflicts: 'merge' }))
    await store.set('a', fresh(store, 'a', { n: 1 }))
    const object = await loaded(store, 'a')
    object.n = 2
    await store.set('a', object)
    assert.equal((await store.get('a')).n, 2)
  })
}

test('what is said of ids is what the server does', async () => {
  const pairs = [['a', 'A'], ['a01', 'a1'], ['a-b', 'a_b'], ['e', '\u00e9']]
  for (const collation of [...IDS_EQUAL, ...VALUES_EQUAL]) {
    const rows = db.collection(await collectionOf(collation))
    let equal = false
    for (const [_id, other] of pairs) {
      await rows.insertOne({ _id })
      equal ||= await rows.findOne({ _id: other }) !== null
      await rows.deleteMany({})
    }
    const [{ collation: full }] = await rows.indexes()
    assert.equal(equatesIds(full), equal, JSON.stringify(collation))
  }
})

test('values that only such a collation takes for equal are what conflicts would lose', async () => {
  const rows = db.collection(await collectionOf({ locale: 'en' }))
  await rows.insertOne({ _id: 'a', session: 'caf\u00e9' })
  const { modifiedCount } = await rows.updateOne({ _id: 'a', session: { $eq: 'cafe\u0301' } }, { $set: { session: '' } })
  assert.equal(modifiedCount, 1)
})

test('without the addon', async () => {
  const name = await collectionOf({ locale: 'en', strength: 1 })
  const { code, stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const store = MongoStore.create({ client: new MongoClient(url), collectionName: '${name}', autoRemove: 'disabled' })
    store.set('a', { cookie: {} }).catch(error => console.log(error.name)).then(() => store.close())
  `, { env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere/there-is-no-addon.node' } })
  assert.deepEqual([code, stdout.trim()], [0, 'MongoInvalidArgumentError'], stderr)
})

describe('conflicts with unacknowledged writes', () => {
  const ways = {
    'in the URL': () => MongoStore.create({ mongoUrl: `${url}?w=0`, conflicts: 'merge', ...QUIET }),
    'in the URL, by another spelling': () => MongoStore.create({ mongoUrl: `${url}?W=0`, conflicts: 'merge', ...QUIET }),
    'in mongoOptions': () =>
      new LegacyStore({ url, mongoOptions: { writeConcern: { w: 0 } }, conflicts: 'merge', ...QUIET })
  }
  for (const [way, open] of Object.entries(ways)) {
    test(`${way}: the constructor throws`, () => {
      assert.throws(open, /conflicts needs acknowledged writes, and the write concern is w: 0/)
    })
  }

  test('of a connection of the app: each operation fails', async () => {
    const clients = [new MongoClient(url, { writeConcern: { w: 0 } }), new MongoClient(`${url}?w=0`)]
    for (const one of clients) {
      const store = keep(MongoStore.create({ client: one, conflicts: 'merge', ...QUIET }))
      for (const operation of [store.set('a', makeSession()), store.get('a')]) {
        await assert.rejects(operation, { name: 'MongoInvalidArgumentError', message: /acknowledged writes/ })
      }
    }
  })
})
