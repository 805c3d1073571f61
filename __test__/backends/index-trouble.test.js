'use strict'

// A TTL index that cannot be made is no reason to fail: one warning with the remedy, and the store works.

const assert = require('node:assert/strict')
const { after, before, beforeEach, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startStandalone } = require('../helpers/mongod')
const { ttlIndex, within } = require('../helpers/rows')
const { DATABASE, makeSession, MongoStore } = require('../helpers/stores')

describe('index trouble', () => {
  let server
  let client
  let warnings
  const stores = []
  const listener = warning => warnings.push(warning)

  before(async () => {
    server = await startStandalone({
      users: [{ createUser: 'writer', pwd: 'secret', roles: [], database: DATABASE }]
    })
    client = await MongoClient.connect(server.rootUri)
    const db = client.db(DATABASE)
    // Everything that a store does, but for the index.
    await db.command({
      createRole: 'sessions-without-indexes',
      privileges: [{ resource: { db: DATABASE, collection: '' }, actions: ['find', 'insert', 'update', 'remove'] }],
      roles: []
    })
    await db.command({ grantRolesToUser: 'writer', roles: ['sessions-without-indexes'] })
    process.on('warning', listener)
  })
  beforeEach(() => { warnings = [] })
  after(async () => {
    process.off('warning', listener)
    await Promise.all(stores.map(store => store.close()))
    await client?.close()
    await server?.stop()
  })

  const rows = name => client.db(DATABASE).collection(name)
  function open (collectionName, uri = server.rootUri) {
    const store = MongoStore.create({ mongoUrl: uri, dbName: DATABASE, collectionName })
    stores.push(store)
    return store
  }

  async function works (store) {
    await store.set('a', makeSession({ n: 1 }))
    assert.equal((await store.get('a')).n, 1)
  }

  async function oneWarning () {
    assert.ok(await within(5000, () => warnings.length > 0))
    await sleep(200)
    assert.equal(warnings.length, 1, warnings.join('\n'))
    assert.equal(warnings[0].code, 'CONNECT_MONGO_INDEX')
    return warnings[0].message
  }

  test('a user who may not create indexes gets one warning, and a store', async () => {
    const errors = []
    const store = open('unprivileged', `mongodb://writer:secret@${server.host}/${DATABASE}`)
    store.on('error', error => errors.push(error))
    await works(store)
    const message = await oneWarning()
    assert.match(message, /createIndex\(\{ expires: 1 \}, \{ expireAfterSeconds: 0 \}\).*autoRemove/)
    assert.doesNotMatch(message, /secret|works without/)
    assert.deepEqual(errors, [])
  })

  test('an index that is there already is accepted', async () => {
    await rows('ready').createIndex({ expires: 1 }, { expireAfterSeconds: 0 })
    await works(open('ready'))
    await rows('renamed').createIndex({ expires: 1 }, { expireAfterSeconds: 0, name: 'mine' })
    await works(open('renamed'))
    await sleep(300)
    assert.deepEqual(warnings, [])
    assert.equal((await rows('renamed').indexes()).length, 2)
  })

  test('the collection of session-mongoose is named as such', async () => {
    await rows('foreign').createIndexes([
      { key: { sid: 1 }, name: 'sid_1', unique: true }, { key: { expires: 1 }, name: 'expires_1' }
    ])
    open('foreign')
    assert.match(await oneWarning(), /session-mongoose/)
  })

  test('many stores that start at once make one index', async () => {
    await Promise.all(Array.from({ length: 8 }, () => works(open('many'))))
    assert.ok(await ttlIndex(rows('many')))
    assert.equal((await rows('many').indexes()).length, 2)
    assert.deepEqual(warnings, [])
  })
})
