'use strict'

// `all` and `ids`: what a page costs, and where it starts.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Double, Long, MongoClient, ObjectId } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { LegacyStore, makeSession, MongoStore, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const { rows, url, keep } = useCollection('pages')

const IDS_PER_PAGE = 5000

/** Stands in for a client: `find(filter, options, collection)` takes the collection's place. */
function clientWith (client, find) {
  const collection = new Proxy(rows, {
    get: (target, name) => {
      if (name === 'find') return (filter, options) => find(filter, options, target)
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
  return { db: () => ({ collection: () => collection }), close: () => client.close() }
}

function open (options) {
  return keep(MongoStore.create({ collectionName: 'pages', dbName: rows.dbName, autoRemove: 'disabled', ...options }))
}

async function fill (ids, collection = rows) {
  await collection.deleteMany({})
  await collection.insertMany(ids.map(_id => ({ _id, session: '{"cookie":{}}', expires: new Date(Date.now() + 60_000) })))
}

const names = count => Array.from({ length: count }, (_, n) => `id-${String(n).padStart(6, '0')}`)

describe('a page of ids', () => {
  test('is one command, of whose rows the driver decodes none', async () => {
    const ids = names(3 * IDS_PER_PAGE)
    await fill(ids)
    const client = new MongoClient(url, { monitorCommands: true })
    const commands = []
    client.on('commandStarted', ({ commandName, command }) => {
      if (/find|getMore/.test(commandName)) commands.push(command)
    })
    const real = client.db(rows.dbName).collection('pages')
    let decoded = 0
    const store = open({
      client: clientWith(client, (filter, options) => {
        const cursor = real.find(filter, options)
        const project = cursor.project.bind(cursor)
        cursor.project = fields => {
          const projected = project(fields)
          const toArray = projected.toArray.bind(projected)
          projected.toArray = async () => {
            const documents = await toArray()
            decoded += documents.filter(document => !Buffer.isBuffer(document)).length
            return documents
          }
          return projected
        }
        return cursor
      })
    })
    assert.deepEqual(await store.ids(), ids)
    assert.equal(decoded, 0)
    assert.equal(commands.length, 4) // the last one finds that there is nothing left
    assert.ok(commands.every(({ projection }) => Object.keys(projection).join() === 'expires'))
  })

  test('has ids of all types, in their classes and in the order of the server', async () => {
    const ids = [-5, 1.5, 42, 2 ** 40, Long.fromString('9007199254740993'), 'a', 'é', '𝄞', '',
      new ObjectId(), new Date(7), Buffer.from([1, 2]), new Double(7), 'z'.repeat(300)]
    await fill(ids)
    const expected = (await rows.find({}).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)
    const store = open({ client: new MongoClient(url) })
    const read = await store.ids()
    assert.equal(read.length, ids.length)
    assert.ok(read.some(id => id instanceof ObjectId))
    const plain = id => id?._bsontype === 'Binary' ? Buffer.from(id.buffer) : id
    assert.deepEqual(read.map(String), expected.map(plain).map(String))
  })

  test('leaves out what has expired, and what has no date for a date', async () => {
    await rows.deleteMany({})
    await rows.insertMany([
      { _id: 'live', expires: new Date(Date.now() + 60_000) }, { _id: 'for ever' },
      { _id: 'expired', expires: new Date(5) }, { _id: 'null', expires: null }, { _id: 'number', expires: 5e12 },
      { _id: 'text', expires: 'never' }, { _id: 'object', expires: {} }
    ])
    assert.deepEqual(await open({ client: new MongoClient(url) }).ids(), ['for ever', 'live'])
  })
})

describe('a service that does not know min', () => {
  /** In the ways of services that refuse it, and of fakes that overlook it. */
  const ways = {
    'and refuses it': (filter, { min, ...options }, collection) => {
      if (min === undefined) return collection.find(filter, options)
      const refuse = async () => { throw Object.assign(new Error("unknown field 'min'"), { code: 40415 }) }
      return { project () { return this }, toArray: refuse }
    },
    'nor the hint': (filter, { hint, ...options }, collection) => {
      if (hint === undefined) return collection.find(filter, options)
      const refuse = async () => { throw Object.assign(new Error('hint is not supported'), { code: 2 }) }
      return { project () { return this }, toArray: refuse }
    },
    'and overlooks it': (filter, { min, hint, ...options }, collection) => collection.find(filter, options)
  }
  for (const [way, find] of Object.entries(ways)) {
    test(`${way}: by $gt, with a warning`, async () => {
      const ids = names(IDS_PER_PAGE + 1200)
      await fill(ids)
      const client = new MongoClient(url)
      const collection = client.db(rows.dbName).collection('pages')
      const store = open({ client: clientWith(client, (filter, options) => find(filter, options, collection)) })
      const warnings = await warningsOf(async () => {
        assert.deepEqual(await store.ids(), ids)
        assert.equal((await store.all()).length, ids.length)
      })
      // Once a process, so the ways after the first have none.
      assert.ok(warnings.length <= 1)
      for (const { code } of warnings) assert.equal(code, 'CONNECT_MONGO_PAGES')
    })
  }

  test('the core: by $gt, with a warning', async t => {
    const server = await startStandalone({ args: ['--setParameter', 'enableTestCommands=1'] })
    const client = await MongoClient.connect(server.uri)
    const store = MongoStore.create({ mongoUrl: server.uri, autoRemove: 'disabled', mongoOptions: { appName: 'pages' } })
    t.after(async () => {
      await store.close()
      await client.close()
      await server.stop()
    })
    // Numbers before texts: the second page by `$gt` follows a number, and finds no text.
    const numbers = Array.from({ length: IDS_PER_PAGE + 1200 }, (_, n) => n)
    await fill([...numbers, 'text'], client.db().collection('sessions'))
    const refuseFind = code => client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { appName: 'pages', failCommands: ['find'], errorCode: code }
    })
    const warnings = await warningsOf(async () => {
      assert.equal((await store.ids()).length, numbers.length + 1)
      await refuseFind(13) // not authorized: no fault of min
      await assert.rejects(store.ids(), { code: 13 })
      assert.equal((await store.ids()).at(-1), 'text')
      await refuseFind(40415) // an unknown field
      assert.deepEqual(await store.ids(), numbers)
      assert.equal((await store.all()).length, numbers.length)
    })
    // Once a process.
    assert.ok(warnings.length <= 1)
    for (const { code } of warnings) assert.equal(code, 'CONNECT_MONGO_PAGES')
  })

  test('an error that is not of min is the caller\'s', async () => {
    const refuse = async () => { throw Object.assign(new Error('not authorized'), { code: 13 }) }
    const client = new MongoClient(url)
    const store = open({ client: clientWith(client, () => ({ project () { return this }, toArray: refuse })) })
    await assert.rejects(store.ids(), { code: 13 })
    await assert.rejects(store.all(), { code: 13 })
  })
})

test('legacy, on a Db: sessions by pages', async () => {
  await fill(names(1200))
  const db = new MongoClient(url).db(rows.dbName)
  const store = keep(new LegacyStore({ db, collection: 'pages', autoRemove: 'disabled' }))
  await store.set('id-more', makeSession())
  assert.equal((await store.all()).length, 1201)
})
