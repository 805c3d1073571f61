'use strict'

// npx connect-mongo-native doctor: collections, indexes and rows that are not right, and what helps.

const assert = require('node:assert/strict')
const { after, before, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { command } = require('../helpers/command-line')
const { carryOut, clockAhead, doctor, finds, optionsFile } = require('../helpers/doctor')
const { startStandalone } = require('../helpers/mongod')
const { skipsBefore } = require('../helpers/server-version')

const LATER = new Date('2100-01-01')
const HOUR = 60 * 60 * 1000
const TTL = { expireAfterSeconds: 0 }

let server, client, db, env
let number = 0

before(async () => {
  // Expired rows stay, for as long as a test looks at them.
  server = await startStandalone({ args: ['--setParameter', 'ttlMonitorEnabled=false', '--setParameter', 'enableTestCommands=1'] })
  client = new MongoClient(server.uri)
  db = client.db('app')
  env = { MONGODB_URL: `${server.uri}app` }
})
after(async () => {
  await client.close()
  await server.stop()
})

/** A collection with the TTL index, unless `ttl` says otherwise, and rows. */
async function sessions ({ ttl = TTL, rows = [{ _id: 'a', session: '{}', expires: LATER }] } = {}) {
  const collection = db.collection(`sessions${++number}`)
  if (ttl !== null) await collection.createIndex({ expires: 1 }, ttl)
  await collection.insertMany(rows)
  return { collection, on: ['--collection', collection.collectionName] }
}

const args = on => ({ args: on, env })

test('a set-up that is right has no problem, and nothing of it is changed', async () => {
  const { collection, on } = await sessions()
  const state = async () => [await collection.find().toArray(), await collection.indexes()]
  const before = await state()
  const { code, findings, ok } = await doctor(on, env)
  assert.deepEqual([code, ok], [0, true])
  assert.deepEqual(findings.filter(({ level }) => level !== 'ok'), [])
  for (const expected of ['connection', 'version', 'topology', 'clock', 'write-concern', 'rights', 'collection', 'index', 'rows', 'round-trip']) {
    assert.ok(findings.some(({ code }) => code === expected), expected)
  }
  assert.deepEqual(await state(), before)
  const text = await command(['doctor', ...on], { env })
  assert.equal(text.code, 0)
  assert.match(text.stdout, /^ok +version +MongoDB \d/m)
})

test('a collection that is not there, or is empty, is no problem: the first store makes it, and its index', async () => {
  for (const state of ['not there', 'empty after the first round trip']) {
    const { code, finding } = await doctor(['--collection', 'new'], env)
    assert.equal(code, 0, state)
    assert.deepEqual([finding('collection').level, finding('index').level], ['ok', 'ok'])
  }
  await db.collection('new').insertOne({ _id: 'a', session: '{}', expires: LATER })
  await finds('index-missing', { remedy: /createIndex/, ...args(['--collection', 'new']) })
})

/** Those that `--fix` and the remedy both mend. */
const MENDED = {
  'index-missing': { ttl: null, remedy: /createIndex\(\{ expires: 1 \}, \{ expireAfterSeconds: 0 \}\)/ },
  'index-seconds': { ttl: { expireAfterSeconds: 3600 }, remedy: /collMod.*expires_1.*expireAfterSeconds: 0/ },
  'index-plain': { ttl: {}, remedy: /collMod.*dropIndex\('expires_1'\) and .*createIndex/ },
  'expires-type': {
    rows: [
      { _id: 'a', session: '{}', expires: LATER.toISOString() },
      { _id: 'b', session: '{}', expires: LATER.getTime() },
      { _id: 'c', session: '{}', expires: LATER }
    ],
    remedy: /updateMany/
  }
}

for (const [code, { remedy, ...collection }] of Object.entries(MENDED)) {
  test(`${code}: --fix mends it`, async () => {
    const { on } = await sessions(collection)
    await finds(code, { remedy, ...args(on) })
    const mended = await doctor([...on, '--fix'], env)
    assert.deepEqual([mended.code, mended.fixed, mended.finding(code)], [0, [code], undefined])
  })

  test(`${code}: its remedy mends it`, async t => {
    // The remedy has another way for these.
    if (code === 'index-plain' && await skipsBefore('5.1', 'collMod of an index that is no TTL index', t)) return
    const { on } = await sessions(collection)
    const { finding } = await doctor(on, env)
    await carryOut(finding(code).remedy, db)
    const mended = await doctor(on, env)
    assert.deepEqual([mended.code, mended.finding(code)], [0, undefined])
  })
}

test('expires-type: what is no date in any spelling stays, and is still reported', async () => {
  const { collection, on } = await sessions({ rows: [{ _id: 'a', session: '{}', expires: 'tomorrow' }] })
  const { code, finding } = await doctor([...on, '--fix'], env)
  assert.equal(code, 1)
  assert.ok(finding('expires-type'))
  assert.equal((await collection.findOne()).expires, 'tomorrow')
})

test('index-missing: an index of that name on another field is left alone', async () => {
  const { collection, on } = await sessions({ ttl: null })
  await collection.createIndex({ user: 1 }, { name: 'expires_1' })
  const { code, fixed } = await doctor([...on, '--fix'], env)
  assert.deepEqual([code, fixed], [0, ['index-missing']])
  assert.deepEqual((await collection.indexes()).map(({ key }) => key), [{ _id: 1 }, { user: 1 }, { expires: 1 }])
})

test('index-missing: a store that sweeps needs none', async t => {
  const { on } = await sessions({ ttl: null })
  const file = optionsFile(t, { autoRemove: 'interval' })
  assert.equal((await doctor([...on, '--options', file], env)).code, 0)
  const disabled = optionsFile(t, { autoRemove: 'disabled' })
  await finds('index-missing', { remedy: /createIndex/, args: [...on, '--options', disabled], env })
})

test("index-partial: the app's own stays, beside the store's", async t => {
  const { collection, on } = await sessions({ ttl: { ...TTL, partialFilterExpression: { user: 'u' } } })
  const { finding } = await finds('index-partial', { remedy: /Leave it.*createIndex.*name: 'expires_ttl'/, ...args(on) })
  if (await skipsBefore('5.0', 'two indexes on one key', t)) return
  await carryOut(finding('index-partial').remedy, db)
  assert.equal((await doctor(on, env)).code, 0)
  assert.equal((await collection.indexes()).length, 3)
})

test('index-unique, of a field that sessions do not have', async () => {
  const { collection, on } = await sessions()
  await collection.createIndex({ email: 1 }, { unique: true })
  const { finding } = await finds('index-unique', { remedy: /dropIndex\('email_1'\), if no app needs it/, ...args(on) })
  await carryOut(finding('index-unique').remedy, db)
  assert.equal((await doctor(on, env)).code, 0)
})

test('indexes of an app that are in nobody\'s way are not spoken of', async () => {
  const { collection, on } = await sessions()
  await collection.createIndex({ user: 1 })
  await collection.createIndex({ email: 1 }, { unique: true, sparse: true })
  const { findings } = await doctor(on, env)
  assert.deepEqual(findings.filter(({ level }) => level !== 'ok'), [])
})

test('index-other-ttl', async () => {
  const { collection, on } = await sessions()
  await collection.createIndex({ lastModified: 1 }, { expireAfterSeconds: 60 })
  await finds('index-other-ttl', { level: 'warning', remedy: /dropIndex\('lastModified_1'\)/, ...args(on) })
})

test('session-mongoose', async () => {
  const { collection, on } = await sessions({ ttl: null })
  await collection.createIndex({ sid: 1 }, { unique: true })
  await finds('session-mongoose', { remedy: /migrate --from session-mongoose/, ...args(on) })
})

const UNUSABLE = {
  view: { viewOn: 'something', pipeline: [] },
  timeseries: { timeseries: { timeField: 'at' } },
  capped: { capped: true, size: 4096 }
}

for (const [code, options] of Object.entries(UNUSABLE)) {
  test(code, async t => {
    if (code === 'timeseries' && await skipsBefore('5.0', 'time series', t)) return
    const name = `unusable-${code}`
    await db.createCollection(name, options)
    await finds(code, { remedy: /another collection with collectionName/, ...args(['--collection', name]) })
  })
}

test('validator: its remedy mends it', async () => {
  const { collection, on } = await sessions()
  await db.command({ collMod: collection.collectionName, validator: { user: { $exists: true } } })
  const { finding } = await finds('validator', { remedy: /collMod.*validator: \{\}/, ...args(on) })
  await carryOut(finding('validator').remedy, db)
  assert.equal((await doctor(on, env)).code, 0)
})

test('never-expires: its remedy mends it', async () => {
  const { on } = await sessions({ rows: [{ _id: 'a', session: '{}' }, { _id: 'b', session: '{}', expires: null }] })
  const { finding } = await finds('never-expires', { level: 'warning', remedy: /updateMany/, ...args(on) })
  await carryOut(finding('never-expires').remedy, db)
  assert.equal((await doctor(on, env)).finding('never-expires'), undefined)
})

test('ttl-monitor: --fix removes what has expired by the server\'s clock, with --yes only', async t => {
  const expired = { _id: 'a', session: '{}', expires: new Date(Date.now() - HOUR) }
  const { collection, on } = await sessions({ rows: [expired, { _id: 'b', session: '{}', expires: LATER }] })
  await finds('ttl-monitor', { remedy: /ttlMonitorEnabled: true.*sweep --yes/, ...args(on) })
  const { notFixed } = await doctor([...on, '--fix'], env)
  assert.deepEqual(notFixed.map(({ code }) => code), ['ttl-monitor'])
  assert.equal(await collection.countDocuments(), 2)
  await collection.insertOne({ _id: 'c', session: '{}', expires: new Date(Date.now() + HOUR / 2) })
  const mended = await doctor([...on, '--fix', '--yes'], { ...env, ...clockAhead(t, HOUR) })
  assert.deepEqual(mended.fixed, ['ttl-monitor'])
  assert.deepEqual((await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id), ['b', 'c'])
  assert.equal((await doctor(on, env)).code, 0)
})

test('expired-rows, where nothing removes them', async t => {
  const rows = [{ _id: 'a', session: '{}', expires: new Date(Date.now() - HOUR) }]
  const { collection, on } = await sessions({ ttl: null, rows })
  const interval = ['--options', optionsFile(t, { autoRemove: 'interval' })]
  const { finding } = await finds('expired-rows', { level: 'warning', remedy: /sweep --yes/, args: [...on, ...interval], env })
  assert.match(finding('expired-rows').message, /still stored: 1\.$/)
  await command(['sweep', ...on, '--yes'], { env })
  assert.equal(await collection.countDocuments(), 0)
})

test('large-rows', async () => {
  const { on } = await sessions({ rows: [{ _id: 'a', session: 'x'.repeat(2 ** 20), expires: LATER }] })
  await finds('large-rows', { level: 'warning', remedy: /Keep in the session what names the data/, ...args(on) })
})

test('collation', async () => {
  await db.createCollection('unusable-collation', { collation: { locale: 'en', strength: 2 } })
  await finds('collation', { level: 'problem', remedy: /another collection/, ...args(['--collection', 'unusable-collation']) })
})

test('latency', async () => {
  const { on } = await sessions()
  const slow = { failCommands: ['find'], blockConnection: true, blockTimeMS: 80 }
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data: slow })
  await finds('latency', { level: 'warning', remedy: /in one region/, ...args(on) })
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' })
})
