'use strict'

// Moving from connect-mongodb-session: rows that the package itself has written.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { promisify } = require('node:util')
const { after, test } = require('node:test')
const session = require('express-session')
const MongoDBStore = require('connect-mongodb-session')(session)

const MongoStore = require('../..')
const { migrate } = require('../../migrate')
const { command } = require('../helpers/command-line')
const { client, db, interrupted, url } = require('../helpers/migrations')
const { makeSession } = require('../helpers/stores')

const FROM = ['migrate', '--from', 'connect-mongodb-session']
const from = 'connect-mongodb-session'
let number = 0
const stores = []
after(() => Promise.all(stores.map(store => store.client ? store.client.close() : store.close())))

/** A collection in which the package has stored sessions a and b, by options of its own. */
async function written (options) {
  const collection = `migrate_cms_${++number}`
  await db.collection(collection).drop().catch(() => {})
  const store = new MongoDBStore({ uri: url, collection, ...options })
  stores.push(store)
  await once(store._emitter, 'connected')
  const set = promisify(store.set.bind(store))
  await set('session-a', makeSession({ user: 'a', at: new Date(5) }, 3_600_000))
  await set('session-b', { ...makeSession({ user: 'b' }), cookie: { path: '/' } })
  return collection
}

function storeOn (collectionName) {
  const store = MongoStore.create({ mongoUrl: url, collectionName, autoRemove: 'disabled' })
  stores.push(store)
  return store
}

/** What a store of ours reads there: the sessions, and when they expire. */
async function read (collectionName) {
  const store = storeOn(collectionName)
  const found = await Promise.all(['session-a', 'session-b'].map(sid => store.get(sid)))
  const rows = await db.collection(collectionName).find().sort({ _id: 1 }).toArray()
  assert.deepEqual(rows.map(({ _id }) => _id), ['session-a', 'session-b'])
  return { users: found.map(({ user }) => user), expires: rows.map(({ expires }) => expires), rows }
}

const indexesOf = async collection => (await db.collection(collection).indexes())
  .map(({ key, expireAfterSeconds }) => [key, expireAfterSeconds])

const TTL_ONLY = [[{ _id: 1 }, undefined], [{ expires: 1 }, 0]]

test('with the usual fields, its rows are read as they are', async () => {
  const collection = await written()
  const before = await db.collection(collection).find().toArray()
  const { code, stdout } = await command([...FROM, '--collection', collection])
  assert.equal(code, 0)
  assert.match(stdout, /as connect-mongo stores documents, and stay as they are\.\n.* has 2 rows of connect-mongodb-session\.\n0 were moved/)
  const asked = await command([...FROM, '--collection', collection, '--ttl', '60', '--documents'])
  assert.match(asked.stdout, /ttl and documents are of sessions that are converted: name another collection with to\./)
  assert.deepEqual(await db.collection(collection).find().toArray(), before)
  assert.deepEqual((await read(collection)).users, ['a', 'b'])
  assert.deepEqual(await indexesOf(collection), TTL_ONLY)
})

test('an index that removes sessions late is reported', async () => {
  const collection = await written({ expiresAfterSeconds: 60 })
  const { code, stdout } = await command([...FROM, '--collection', collection])
  assert.equal(code, 3)
  assert.match(stdout, /TTL index could not be created.*Remedy/)
})

test('fields of other names, in place', async () => {
  const collection = await written({ idField: 'sid', expiresKey: 'until' })
  const before = new Map((await db.collection(collection).find().toArray()).map(({ sid, until }) => [sid, until]))
  const { code, stderr } = await command([...FROM, '--collection', collection, '--id-field', 'sid', '--expires-key', 'until'])
  assert.equal(code, 0, stderr)
  const { users, expires, rows } = await read(collection)
  assert.deepEqual(users, ['a', 'b'])
  assert.deepEqual(expires, [before.get('session-a'), before.get('session-b')])
  assert.deepEqual(rows.map(row => Object.keys(row)), Array(2).fill(['_id', 'session', 'expires']))
  assert.equal(typeof rows[0].session, 'string')
  assert.deepEqual(await indexesOf(collection), TTL_ONLY)
})

test('to another collection, as documents', async () => {
  const collection = await written({ expiresKey: 'until' })
  const to = `${collection}_to`
  await db.collection(to).drop().catch(() => {})
  await assert.rejects(migrate({ url, from, collection, expiresKey: 'until' }), /to must name another collection/)
  const summary = await migrate({ url, from, collection, expiresKey: 'until', to, documents: true })
  assert.deepEqual([summary.moved, summary.left], [2, []])
  const { users, rows } = await read(to)
  assert.deepEqual(users, ['a', 'b'])
  assert.deepEqual(rows[0].session.at, new Date(5))
  assert.equal(await db.collection(collection).countDocuments(), 0)
})

test('what an interrupted run had written is known again', async () => {
  const collection = await written({ idField: 'sid' })
  const options = { db, from, collection, idField: 'sid' }
  const row = await db.collection(collection).findOne({ sid: 'session-a' })
  await db.collection(collection).insertOne({ _id: 'session-a', session: JSON.stringify(row.session), expires: row.expires })
  const dry = await migrate({ ...options, dryRun: true })
  assert.deepEqual([dry.moved, dry.alreadyMoved], [1, 1])
  const summary = await migrate(options)
  assert.deepEqual([summary.moved, summary.alreadyMoved, summary.left], [1, 1, []])
  assert.deepEqual((await read(collection)).users, ['a', 'b'])
})

test('a session that was saved meanwhile stays', async () => {
  const collection = await written({ idField: 'sid' })
  const busy = interrupted(db, 'insertMany', () =>
    client.db(db.databaseName).collection(collection).updateOne({ sid: 'session-b' }, { $set: { expires: new Date('2100-01-01') } }))
  const summary = await migrate({ db: busy, from, collection, idField: 'sid' })
  assert.equal(summary.moved, 1)
  assert.deepEqual(summary.left.map(({ sid, reason }) => [sid, reason]),
    [['session-b', 'it was saved meanwhile: is connect-mongodb-session still in use?']])
})
