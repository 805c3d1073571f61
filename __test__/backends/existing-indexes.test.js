'use strict'

// What the indexes that a collection has mean to a store. Each is judged by its key and its options, and no
// advice takes the app's own away: where there is a remedy, it is carried out here, and everything is still
// there afterwards.

const assert = require('node:assert/strict')
const vm = require('node:vm')
const { after, before, beforeEach, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const SessionStore = require('../../session-mongoose')(session)
const { within } = require('../helpers/rows')
const { isBefore, skipsBefore } = require('../helpers/server-version')
const { LegacyStore, makeSession, MongoStore, testUrl } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const DATABASE = 'connect-mongo-test-indexes'
const url = testUrl().replace(/\/[^/]*$/, `/${DATABASE}`)

const TTL = { expireAfterSeconds: 0 }
const UNIQUE = { unique: true }

const client = new MongoClient(url)
const db = client.db()
before(() => db.dropDatabase())
after(async () => {
  await db.dropDatabase()
  await client.close()
})

const dialects = {
  modern: (collectionName, options) => MongoStore.create({ mongoUrl: url, collectionName, ...options }),
  legacy: (collection, options) => new LegacyStore({ url, collection, ...options }),
  'session-mongoose': (collection, options) => new SessionStore({ url, collection, sweeper: false, ...options })
}

for (const backend of ['native', 'driver']) {
  describe(backend, () => {
    let name
    let number = 0
    let rows
    beforeEach(() => {
      name = `${backend}_${++number}`
      rows = db.collection(name)
    })

    /** The warnings that a store gives about the indexes, after it has stored a session. */
    async function warningsAbout (indexes, dialect = 'modern', options = {}) {
      for (const [key, made] of indexes) await rows.createIndex(key, made)
      const warnings = await warningsOf(async () => {
        const store = dialects[dialect](name, { backend, ...options })
        await store.set('a', makeSession({ n: 1 }))
        assert.equal((await store.get('a')).n, 1)
        await sleep(200)
        await store.close()
      })
      for (const { code } of warnings) assert.equal(code, 'CONNECT_MONGO_INDEX')
      return warnings.map(({ message }) => message)
    }

    const specifications = async () => (await rows.indexes()).map(({ v, name, background, ...rest }) => rest)

    /** Does what a warning says, as in MongoDB's shell. */
    async function carryOut (message) {
      const [, remedy] = /Remedy: (?:create the store's under another name, once: )?(db\.\w+\(.*?\)(?:\.createIndex\(.*?\))?)(?=,| \(|$)/.exec(message)
      assert.doesNotMatch(message, /drop/i)
      await vm.runInNewContext(remedy, {
        db: { getCollection: one => db.collection(one), runCommand: command => db.command(command) }
      })
    }

    /** One warning that says what `pattern` says; none after its remedy, and all that was there still is. */
    async function mends (indexes, pattern, expected, dialect, options) {
      const [message, ...more] = await warningsAbout(indexes, dialect, options)
      assert.match(message, pattern)
      assert.deepEqual(more, [])
      // What the remedy says of older servers is all that can be done there.
      const [, needed] = /before MongoDB (5\.\d)/.exec(message) ?? []
      if (needed !== undefined && await isBefore(needed)) return
      const before = await specifications()
      await carryOut(message)
      const after = await specifications()
      assert.ok(after.some(({ key, ...options }) => {
        return JSON.stringify({ key, ...options }) === JSON.stringify(expected)
      }), JSON.stringify(after))
      for (const { key } of before) assert.ok(after.some(one => JSON.stringify(one.key) === JSON.stringify(key)))
      assert.deepEqual(await warningsAbout([], dialect, options), [])
    }

    const accepted = {
      'of another name': [{ expires: 1 }, { ...TTL, name: 'mine' }],
      'that is sparse': [{ expires: 1 }, { ...TTL, sparse: true }],
      'with a collation': [{ expires: 1 }, { ...TTL, collation: { locale: 'en' } }],
      'that is hidden': [{ expires: 1 }, { ...TTL, hidden: true }]
    }
    for (const [what, index] of Object.entries(accepted)) {
      test(`a TTL index ${what} is accepted`, async () => {
        assert.deepEqual(await warningsAbout([index]), [])
        assert.equal((await rows.indexes()).length, 2)
      })
    }

    const taken = {
      'another key': [{ foo: 1 }, {}, /the name expires_1 is that of another index, on \{ foo: 1 \}\./],
      'a longer key': [{ expires: 1, foo: -1 }, {}, /another index, on \{ expires: 1, foo: -1 \}\./],
      'a hash': [{ expires: 'hashed' }, {}, /another index, on \{ expires: hashed \}\./],
      'some of the rows': [
        { expires: 1 }, { ...TTL, partialFilterExpression: { foo: true } },
        /on \{ expires: 1 \} with partialFilterExpression, expireAfterSeconds\..* \(before MongoDB 5\.0 .*\), or autoRemove/
      ]
    }
    for (const [what, [key, options, pattern]] of Object.entries(taken)) {
      for (const dialect of ['modern', 'legacy']) {
        test(`${dialect}: one of ${what} that is called expires_1 stays, beside the store's own`, () => mends(
          [[key, { ...options, name: 'expires_1' }]], pattern, { key: { expires: 1 }, expireAfterSeconds: 0 }, dialect))
      }
    }

    test('one that does not remove by itself is told to', async () => {
      await mends([[{ expires: 1 }, { name: 'mine' }]],
        /\{ expires: 1 \} exists that does not remove expired sessions by itself.*'mine'.*autoRemove: 'interval'/,
        { key: { expires: 1 }, expireAfterSeconds: 0 })
    })

    test('so is one that removes later', async () => {
      await mends([[{ expires: 1 }, { expireAfterSeconds: 3600 }]],
        /removes sessions 3600 seconds after that date, not 0/, { key: { expires: 1 }, expireAfterSeconds: 0 })
    })

    test('a unique index on sid that skips rows is the app\'s own, and not session-mongoose\'s', async () => {
      for (const skips of [{ sparse: true }, { partialFilterExpression: { sid: { $exists: true } } }]) {
        await rows.drop().catch(() => {})
        assert.deepEqual(await warningsAbout([[{ sid: 1 }, { ...UNIQUE, ...skips }]]), [])
        assert.ok((await specifications()).some(({ expireAfterSeconds }) => expireAfterSeconds === 0))
      }
    })

    test('session-mongoose: a name that is taken', async () => {
      await mends([[{ foo: 1 }, { name: 'sid_1' }]],
        /the name sid_1 is that of another index, on \{ foo: 1 \}/, { key: { sid: 1 }, unique: true }, 'session-mongoose')
    })

    test('session-mongoose: an index on sid that is not unique', async () => {
      await mends([[{ sid: 1 }, {}]],
        /the name sid_1 is that of another index, on \{ sid: 1 \}\..* \(before MongoDB 5\.0 /, { key: { sid: 1 }, unique: true }, 'session-mongoose')
    })

    test('session-mongoose: another ttl', async () => {
      await mends([[{ usedAt: 1 }, { expireAfterSeconds: 60, name: 'mine' }]],
        /removes sessions 60 seconds after that date, not 3600/,
        { key: { usedAt: 1 }, expireAfterSeconds: 3600 }, 'session-mongoose', { ttl: 3600 })
    })

    test('session-mongoose: a TTL index that its owner has added finds what has expired, too', async () => {
      assert.deepEqual(await warningsAbout([[{ sid: 1 }, UNIQUE], [{ expires: 1 }, TTL]], 'session-mongoose'), [])
      assert.equal((await rows.indexes()).length, 4)
    })

    test('session-mongoose: in a collection of connect-mongo, nothing is to be dropped', async () => {
      const [message] = await warningsAbout([[{ expires: 1 }, TTL]], 'session-mongoose')
      assert.match(message, /is connect-mongo's.*createIndex\(\{ sid: 1 \}, \{ unique: true \}\)$/)
      assert.doesNotMatch(message, /drop/)
    })

    const background = async () => (await rows.indexes()).slice(1).map(index => index.background)

    test('each dialect asks for its index as its newest version does', async () => {
      await warningsAbout([], 'modern')
      assert.deepEqual(await background(), [true])
      await rows.drop()
      await warningsAbout([], 'legacy')
      assert.deepEqual(await background(), [undefined])
      await rows.drop()
      await warningsAbout([], 'session-mongoose')
      assert.deepEqual(await background(), [true, true, true])
    })

    for (const strict of [true, false]) {
      test(`with the stable API, strict: ${strict}`, async t => {
        if (await skipsBefore('5.0', 'stable API', t)) return
        const mongoOptions = { serverApi: { version: '1', strict } }
        assert.deepEqual(await warningsAbout([], 'modern', { mongoOptions }), [])
        assert.ok(await within(2000, async () => (await rows.indexes()).length === 2))
        assert.deepEqual(await background(), [strict ? undefined : true])
      })
    }
  })
}
