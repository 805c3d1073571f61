'use strict'

// Moving from session-mongoose's layout to connect-mongo's: no row lost, whatever happens on the way.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const ConnectMongo = require('connect-mongo-6').default
const session = require('express-session')
const { BSONRegExp, Long, MongoClient } = require('mongodb')

const MongoStore = require('../..')
const { convert } = require('../../lib/migrate/convert')
const { migrate } = require('../../migrate')
const { command } = require('../helpers/command-line')
const {
  BROKEN, client, cookieAsStored, db, fresh, FROM, insertBytes, interrupted, LATER, mixed, url
} = require('../helpers/migrations')
const { startReplicaSet } = require('../helpers/mongod')
const { within } = require('../helpers/rows')
const { skipsBefore } = require('../helpers/server-version')
const { DATABASE } = require('../helpers/stores')

test('a row becomes one that connect-mongo would have written', () => {
  const { row } = convert({ sid: 'a', data: { cookie: cookieAsStored(LATER), user: 'u' }, expires: LATER })
  assert.deepEqual({ ...row, session: JSON.parse(row.session) }, {
    _id: 'a',
    session: {
      cookie: {
        originalMaxAge: 60_000, expires: LATER.toISOString(), secure: null, httpOnly: true, domain: null, path: '/'
      },
      user: 'u'
    },
    expires: LATER
  })
})

test('expirations: the own, that of the TTL index, none, or the one asked for', () => {
  const expires = (row, options) => convert({ sid: 'a', data: {}, ...row }, options).row.expires
  assert.equal(expires({ expires: LATER }), LATER)
  assert.deepEqual(expires({ usedAt: new Date(5000), expires: LATER }, { ttlSeconds: 10 }), new Date(15_000))
  assert.ok(!('expires' in convert({ sid: 'a', data: {}, expires: null }).row))
  assert.deepEqual(expires({ expires: null }, { ttl: 10, now: 5000 }), new Date(15_000))
})

describe('in place', () => {
  test('100,000 rows of mixed formats, killed and started again, are read by connect-mongo 6.0.0', async () => {
    const total = 100_000
    const rows = Array.from({ length: total }, (_, n) => mixed(n))
    const collection = await fresh('many', rows)
    await collection.insertMany(BROKEN)
    const args = [...FROM, '--collection', collection.collectionName]
    // By a collection scan: meanwhile the command drops indexes, and that ends the queries which use them.
    const countMoved = () => collection.countDocuments({ sid: { $exists: false } }, { hint: { $natural: 1 } })
    const killed = await command(args, {
      until: () => within(60_000, async () => await countMoved() > total / 10)
    })
    assert.equal(killed.signal, 'SIGKILL')
    const before = await countMoved()
    assert.ok(before < total, `${before} rows had been moved already`)

    const started = Date.now()
    const { code, stdout, stderr } = await command(args)
    const seconds = (Date.now() - started) / 1000
    assert.ok(seconds < 60, `${seconds} s`)
    assert.equal(code, 3, stderr)
    assert.match(stdout, /4 stay in migrate_many:\n(.*_id .*\n){4}$/)
    assert.ok(!stdout.includes('broken json'), 'ids are shown by their beginnings')

    assert.equal(await countMoved(), total)
    assert.equal(await collection.countDocuments({ sid: { $exists: true } }), BROKEN.length)
    const indexes = await collection.indexes()
    assert.deepEqual(indexes.map(({ name }) => name).sort(), ['_id_', 'expires_1'])
    assert.equal(indexes.find(({ name }) => name === 'expires_1').expireAfterSeconds, 0)

    const theirs = ConnectMongo.create({ client, dbName: DATABASE, collectionName: collection.collectionName })
    const ours = MongoStore.create({ mongoUrl: url, collectionName: collection.collectionName })
    const read = (store, sid) => new Promise((resolve, reject) => store.get(sid, (error, found) =>
      error ? reject(error) : resolve(found)))
    for (let n = 0; n < 40; n++) {
      const sid = `s${n * 2_499}`
      const found = await read(theirs, sid)
      assert.equal(found?.user, `user ${n * 2_499}`)
      assert.deepEqual(await read(ours, sid), found)
      if (found.cookie) assert.ok(new session.Store().createSession({}, found).cookie)
    }
    await ours.close()
  })

  test('both layouts in one collection are explained, and what is new stays', async () => {
    const collection = await fresh('collision', [mixed(0), mixed(1)])
    await collection.insertOne({ _id: 's1', session: '{"user":"newer"}', expires: LATER })
    const summary = await migrate({ url, collection: collection.collectionName })
    assert.match(summary.notes.join('\n'), /1 rows of migrate_collision are connect-mongo's already/)
    assert.match(summary.notes.join('\n'), /unique index sid_1/)
    assert.match(summary.notes.join('\n'), /plain index expires_1/)
    assert.equal(summary.moved, 1)
    assert.deepEqual(summary.left.map(({ sid, reason }) => [sid, reason]),
      [['s1', 'the collection has another session with this id']])
    assert.equal((await collection.findOne({ _id: 's1' })).session, '{"user":"newer"}')
  })

  test('what an interrupted run had written already is recognised', async () => {
    const collection = await fresh('twice', [mixed(0), mixed(1)])
    for (const options of [{}, { ttl: 60 }]) {
      await collection.deleteMany({})
      await collection.insertMany([mixed(0), mixed(2)].map(row => ({ ...row, _id: row.sid + ' old' })))
      await collection.dropIndexes()
      await collection.insertOne(convert(mixed(2), { ...options, now: 0 }).row)
      const { moved, alreadyMoved, left } = await migrate({ url, collection: collection.collectionName, ...options })
      assert.deepEqual({ moved, alreadyMoved, left }, { moved: 1, alreadyMoved: 1, left: [] })
      assert.equal(await collection.countDocuments(), 2)
    }
  })

  test('two rows with one sid: one stays', async () => {
    const collection = await fresh('twins', [])
    await collection.dropIndexes()
    await collection.insertMany([mixed(0), mixed(0)])
    const { moved, left } = await migrate({ url, collection: collection.collectionName })
    assert.deepEqual([moved, left.length], [1, 1])
    assert.equal(await collection.countDocuments(), 2)
  })
})

describe('rows that are not what they should be', () => {
  test('are left, each with its reason, and do not hold up the others', async () => {
    const collection = await fresh('odd', [mixed(0), mixed(1), mixed(2)])
    await collection.createIndex({ usedAt: 1 }, { expireAfterSeconds: 3600 })
    await collection.insertMany([
      { sid: 'large', data: { bytes: Buffer.alloc(13 * 1024 * 1024) }, expires: LATER },
      { sid: 'deep', data: `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, expires: LATER },
      { sid: 'nul', data: '{"a\\u0000b":1}', expires: LATER },
      { sid: 'beyond', data: {}, expires: null },
      { sid: 'used beyond', data: {}, usedAt: new Date(8.64e15 - 1000) },
      { data: { n: 1 } }
    ])
    await collection.updateOne({ sid: 'beyond' }, [{ $set: { expires: { $toDate: Long.fromString('9000000000000000') } } }])
    const rows = ({ moved, left }) => ({ moved, left: left.map(({ sid, reason }) => [sid, reason]) })
    const rehearsed = await migrate({ url, collection: collection.collectionName, dryRun: true })
    const done = await migrate({ url, collection: collection.collectionName })
    assert.deepEqual(rows(rehearsed), rows(done))
    assert.equal(done.moved, 4, 'JSON may have such a key')
    assert.deepEqual(rows(done).left, [
      ['large', 'its data is too large in the new form'],
      ['deep', 'its data cannot be converted (RangeError)'],
      ['beyond', 'its expires is no date'],
      ['used beyond', 'it expires at a date that JavaScript cannot say'],
      [undefined, 'its sid is no string']
    ])
    assert.equal(await collection.countDocuments({ session: { $exists: false } }), 5)
  })

  test('nor as documents', async () => {
    const deep = `{"a":${'['.repeat(300)}${']'.repeat(300)}}`
    const collection = await fresh('odd_documents', [
      mixed(0), { sid: 'nul', data: '{"a\\u0000b":1}' }, { sid: 'deep', data: deep }, { sid: 'bson', data: '{"a":{"_bsontype":"x"}}' }, mixed(1)
    ])
    const { moved, left } = await migrate({ url, collection: collection.collectionName, documents: true })
    assert.equal(moved, 2)
    assert.deepEqual(left.map(({ sid }) => sid).sort(), ['bson', 'deep', 'nul'])
    assert.equal(await collection.countDocuments(), 5)
  })
})

test('a session that is saved meanwhile stays, and its copy goes', async () => {
  const collection = await fresh('meanwhile', [mixed(0), mixed(1)])
  const save = () => collection.updateOne({ sid: 's0' }, { $set: { 'data.user': 'newer', expires: new Date('2101-01-01') } })
  const { moved, left } = await migrate({ db: interrupted(db, 'insertMany', save), collection: collection.collectionName })
  assert.equal(moved, 1)
  assert.match(left[0].reason, /saved meanwhile: is session-mongoose still in use\?/)
  assert.equal((await collection.findOne({ sid: 's0' })).data.user, 'newer')
  assert.equal(await collection.countDocuments({ _id: 's0' }), 0)
  assert.equal((await migrate({ url, collection: collection.collectionName })).moved, 1)
})

test('nor is one without an expiration taken for unchanged', async () => {
  const save = () => collection.updateOne({ sid: 's2' }, { $set: { 'data.user': 'newer' } })
  const odd = { long: Long.fromString('9007199254740993'), at: new Date('2020-01-01'), bytes: Buffer.from('b'), re: /a/i }
  const collection = await fresh('meanwhile_null', [mixed(2), { ...mixed(6), data: odd }])
  const { moved, left } = await migrate({ db: interrupted(db, 'insertMany', save), collection: collection.collectionName })
  assert.deepEqual([moved, left.map(({ sid }) => sid)], [1, ['s2']])
  assert.equal((await collection.findOne({ sid: 's2' })).data.user, 'newer')
  assert.equal(await collection.countDocuments(), 2)
})

test('of rows with ids of any type, only the one that was saved meanwhile stays', async () => {
  const ids = [{ n: 1 }, { n: 2 }, 'three', 4, new Date(5), null]
  const collection = await fresh('ids', ids.map((_id, n) => ({ ...mixed(n), _id })))
  const save = () => collection.updateOne({ _id: { n: 1 } }, { $set: { expires: new Date('2101-01-01') } })
  const { moved, left } = await migrate({ db: interrupted(db, 'insertMany', save), collection: collection.collectionName })
  assert.deepEqual([moved, left.length], [5, 1])
  assert.equal(await collection.countDocuments(), 6)
  assert.equal(await collection.countDocuments({ _id: /^s/ }), 5)
})

test('a run that ended early says so, and is gone on with', async () => {
  const rows = Array.from({ length: 2500 }, (_, n) => ({ sid: `s${n}`, data: {}, usedAt: new Date() }))
  const collection = await fresh('early', rows)
  await collection.createIndex({ usedAt: 1 }, { expireAfterSeconds: 3600 })
  const own = await new MongoClient(url).connect()
  const onProgress = ({ done }) => { if (done === 1000) own.close() }
  await assert.rejects(migrate({ db: own.db(DATABASE), collection: collection.collectionName, onProgress }))
  await migrate({ url, collection: collection.collectionName })
  assert.equal(await collection.countDocuments({ expires: { $exists: true } }), 2500)
})

test('rows that come meanwhile are an error at the end', async () => {
  const collection = await fresh('late', [mixed(0)])
  const add = () => collection.insertOne(mixed(1))
  const late = migrate({ db: interrupted(db, 'bulkWrite', add), collection: collection.collectionName })
  await assert.rejects(late, /1 rows of session-mongoose have come meanwhile/)
  assert.equal((await migrate({ url, collection: collection.collectionName })).moved, 1)
})

test("the app's Db reads as it must, whatever its own settings", async () => {
  for (const options of [{ promoteValues: false }, { raw: true }, { promoteLongs: false }, { readPreference: 'secondary' }]) {
    const collection = await fresh('options_of_db', [mixed(0), { sid: 'used', data: { n: 7 }, usedAt: new Date() }])
    await collection.createIndex({ usedAt: 1 }, { expireAfterSeconds: 3600 })
    await collection.insertOne(convert(mixed(0)).row)
    const { moved, alreadyMoved, left } =
      await migrate({ db: client.db(DATABASE, options), collection: collection.collectionName })
    assert.deepEqual({ moved, alreadyMoved, left }, { moved: 1, alreadyMoved: 1, left: [] }, JSON.stringify(options))
    const row = await collection.findOne({ _id: 'used' })
    assert.ok(row.expires instanceof Date)
    assert.equal(row.session, '{"n":7}')
    assert.deepEqual((await collection.indexes()).map(({ name }) => name), ['_id_', 'expires_1'])
  }
})

test('what is removed on the word of a read is read from the primary', async () => {
  const servers = await startReplicaSet({ count: 1 })
  try {
    const own = new MongoClient(servers.uri, { readPreference: 'secondaryPreferred', monitorCommands: true })
    const asked = []
    own.on('commandStarted', ({ command, commandName }) => asked.push([commandName, command.$readPreference?.mode]))
    const odd = own.db('migrate')
    await odd.collection('sessions').insertMany([mixed(0), mixed(2)])
    const save = () => odd.collection('sessions').updateOne({ sid: 's0' }, { $set: { expires: new Date('2101-01-01') } })
    const { moved, left } = await migrate({ db: interrupted(odd, 'insertMany', save), collection: 'sessions' })
    assert.deepEqual([moved, left.length], [1, 1])
    assert.deepEqual(asked.filter(([, mode]) => mode !== undefined && mode !== 'primary'), [])
    assert.ok(asked.some(([name]) => name === 'find'))
    await own.close()
  } finally {
    await servers.stop()
  }
})

test('what JavaScript does not know does not stop it', async () => {
  const collection = await fresh('foreign', [mixed(0), mixed(1)])
  await collection.updateOne({ sid: 's0' }, { $set: { 'data.re': new BSONRegExp('(?i)x') } })
  await insertBytes(collection, { sid: 'utf8', data: { text: 'ABC' }, expires: LATER }, 'ABC', [0xed, 0xa0, 0x80])
  const { moved, left } = await migrate({ url, collection: collection.collectionName })
  assert.deepEqual([moved, left], [3, []])
})

test('a capped collection is refused', async () => {
  await db.collection('migrate_capped').drop().catch(() => {})
  await db.createCollection('migrate_capped', { capped: true, size: 4096, max: 5 })
  const collection = await fresh('uncapped', [mixed(0)])
  await assert.rejects(migrate({ url, collection: collection.collectionName, to: 'migrate_capped' }), /capped collection/)
  assert.equal(await collection.countDocuments(), 1)
})

test('documents that are no sessions are not exposed to the TTL index', async () => {
  const target = db.collection('migrate_users')
  await target.drop().catch(() => {})
  await target.insertOne({ name: 'u', expires: new Date(0) })
  const collection = await fresh('beside_users', [mixed(0)])
  const message = /migrate_users has documents that are no sessions/
  await assert.rejects(migrate({ url, collection: collection.collectionName, to: 'migrate_users' }), { message })
  await assert.rejects(migrate({ url, collection: 'migrate_users' }), { message })
  assert.equal((await target.indexes()).length, 1)
  assert.equal((await collection.indexes()).length, 4)
})

test('indexes are recognized by their keys', async () => {
  const collection = await fresh('names', [])
  await collection.dropIndexes()
  await collection.createIndex({ sid: 1 }, { unique: true, name: 'mine' })
  await collection.createIndex({ expires: 1 }, { name: 'plain' })
  await collection.createIndex({ usedAt: 1 }, { expireAfterSeconds: 60, name: 'used' })
  const usedAt = new Date(Date.now() + 60_000)
  await collection.insertMany([{ sid: 'a', data: {}, usedAt }, { sid: 'b', data: {}, expires: LATER }])
  const { moved, left, notes, ttlIndex } = await migrate({ url, collection: collection.collectionName })
  assert.deepEqual([moved, left, ttlIndex], [2, [], true])
  assert.match(notes.join('\n'), /unique index mine.*plain index plain/s)
  assert.deepEqual((await collection.findOne({ _id: 'a' })).expires, new Date(usedAt.getTime() + 60_000))
  assert.deepEqual((await collection.indexes()).map(({ name }) => name), ['_id_', 'expires_1'])
})

test('indexes of the app\'s own, on the same keys, stay', async t => {
  if (await skipsBefore('5.0', 'second index on the same keys', t)) return
  const collection = await fresh('own_indexes', [mixed(0)])
  const some = { partialFilterExpression: { tenant: { $exists: true } } }
  const own = [
    [{ sid: 1 }, { unique: true, sparse: true, name: 'own_sid' }], [{ expires: 1 }, { ...some, name: 'own_expires' }],
    [{ sid: 1, expires: 1 }, { ...some, name: 'own_both' }], [{ usedAt: 1 }, { ...some, expireAfterSeconds: 60, name: 'own_used' }]
  ]
  for (const [key, options] of own) await collection.createIndex(key, options)
  const { moved, ttlIndex } = await migrate({ url, collection: collection.collectionName })
  assert.deepEqual([moved, ttlIndex], [1, true])
  assert.deepEqual((await collection.indexes()).map(({ name }) => name).sort(),
    ['_id_', 'expires_1', 'own_both', 'own_expires', 'own_sid', 'own_used'])
})

test('options that are wrong move nothing, and say what is right', async () => {
  const collection = await fresh('options', [mixed(0)])
  const own = { url, collection: collection.collectionName }
  const wrong = [
    [{ ...own, dryrun: true }, /knows no option dryrun; did you mean dryRun\?/],
    [{ ...own, dryRun: 'false' }, /dryRun must be true or false: got a string/],
    [{ ...own, documents: 'no' }, /documents must be true or false/],
    [{ ...own, onProgress: 5 }, /onProgress must be a function: got 5/],
    [{ ...own, to: '' }, /to must be a non-empty string/],
    [{ ...own, collection: 5 }, /collection must be a non-empty string: got 5/],
    [{ url, modelName: 5 }, /modelName must be a non-empty string: got 5/],
    [{ ...own, modelName: 'S' }, /collection or modelName, not both/],
    [{ ...own, db }, /url or db, not both/],
    [{ db: {} }, /db must be a Db/],
    [{}, /needs a url/],
    [null, /takes an object of options/],
    ...[NaN, Infinity, 0, -5, 1e13, '60', null].map(ttl => [{ ...own, ttl }, /^ttl must be /])
  ]
  for (const [options, message] of wrong) {
    await assert.rejects(migrate(options), error => message.test(error.message) && /^(Type|Range)Error$/.test(error.name))
  }
  assert.equal((await collection.indexes()).length, 4)
  assert.equal(await collection.countDocuments({ sid: 's0' }), 1)
})

test('into another collection, of a model, with usedAt, as documents', async () => {
  const collection = await fresh('models', [])
  const target = db.collection('migrate_target')
  await target.drop().catch(() => {})
  await collection.createIndex({ usedAt: 1 }, { expireAfterSeconds: 3600 })
  const usedAt = new Date()
  await collection.insertOne({ sid: 'a', data: { at: usedAt }, usedAt })
  const progress = []
  const summary = await migrate({
    db, modelName: 'Migrate_Model', to: 'migrate_target', documents: true, onProgress: step => progress.push(step)
  })
  assert.deepEqual([summary.from, summary.moved, summary.notes], ['migrate_models', 1, []])
  assert.deepEqual(progress, [{ done: 0, total: 1 }, { done: 1, total: 1 }])
  assert.deepEqual(await target.findOne(),
    { _id: 'a', session: { at: usedAt }, expires: new Date(usedAt.getTime() + 3_600_000) })
  assert.equal(await collection.countDocuments(), 0)
  await assert.rejects(migrate({ db, collection: 'migrate_target', to: collection.collectionName }), /sid_1/)
})

test('a collection that is not there is an error, and is not made', async () => {
  await fresh('nothing_there', [mixed(0)])
  await assert.rejects(migrate({ url, collection: 'migrate_nothing_their' }), {
    message: 'There is no collection migrate_nothing_their in connect-mongo-test; did you mean migrate_nothing_there?'
  })
  assert.equal((await db.listCollections({ name: 'migrate_nothing_their' }).toArray()).length, 0)
})
