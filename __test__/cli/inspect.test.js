'use strict'

// npx connect-mongo-native inspect.

const assert = require('node:assert/strict')
const { beforeEach, test } = require('node:test')
const { ObjectId } = require('mongodb')

const { command, jsonOf } = require('../helpers/command-line')
const { VECTORS } = require('../helpers/encrypted')
const { mixed } = require('../helpers/migrations')
const { useCollection } = require('../helpers/stores')

const NAME = 'command-line-inspect'
const ON = ['--collection', NAME]
const { rows } = useCollection(NAME)
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const SESSION = '{"cookie":{},"user":"é✓"}'
const LATER = new Date(Date.now() + 60 * DAY)

let number = 0
const row = (session = SESSION, expires = LATER) => ({ _id: `session ${++number}`, session, expires })
const fromNow = milliseconds => new Date(Date.now() + milliseconds)

beforeEach(async () => {
  await rows.drop().catch(() => {})
  await rows.createIndex({ expires: 1 }, { expireAfterSeconds: 0 })
})

test('sizes', async () => {
  await rows.insertMany([row(), row('x'.repeat(3000)), row('x'.repeat(2 ** 21))])
  const { code, result } = await jsonOf(['inspect', ...ON])
  assert.equal(code, 0)
  assert.equal(result.rows, 3)
  assert.deepEqual(result.sizes.histogram, { '1 KB': 1, '4 KB': 1, '16 KB': 0, '64 KB': 0, '1 MB': 0, more: 1 })
  assert.ok(result.sizes.largest > 2 ** 21 && result.sizes.largest < 2 ** 21 + 200, result.sizes.largest)
  assert.ok(result.sizes.total > result.sizes.largest + 3000)
  assert.equal(result.sizes.mean, Math.round(result.sizes.total / 3))
  assert.ok(result.storage.bytes > 0 && result.storage.indexBytes > 0)
})

test('expirations', async () => {
  await rows.dropIndex('expires_1') // or the server removes what has expired
  const expirations = [-HOUR, HOUR / 2, DAY / 2, 5 * DAY, 10 * DAY, 20 * DAY, 100 * DAY].map(fromNow)
  await rows.insertMany([
    ...expirations.map(expires => row(SESSION, expires)),
    row(SESSION, 'tomorrow'), row(SESSION, null), { _id: 'without', session: SESSION },
    { sid: 'a', data: {}, usedAt: new Date() }
  ])
  const { result } = await jsonOf(['inspect', ...ON])
  assert.deepEqual(result.expirations, {
    expired: 1, 'within an hour': 1, 'within a day': 1, 'within a week': 1, 'within two weeks': 1, 'within a month': 1, later: 1,
    'when unused': 1, never: 2, 'no date': 1
  })
})

test('layouts, and types of ids', async () => {
  await rows.insertMany([
    row(), row({ cookie: {} }), { _id: new ObjectId(), session: "an app's own", expires: LATER },
    ...Array.from({ length: 4 }, (_, n) => mixed(n)), { _id: 5, session: null }
  ])
  const { result } = await jsonOf(['inspect', ...ON])
  assert.deepEqual(result.layouts, {
    'connect-mongo, JSON': 1, 'connect-mongo, document': 1, "an app's own form": 1, 'session-mongoose': 4, 'no session': 1
  })
  assert.deepEqual(result.ids, { string: 2, objectId: 5, int: 1 })
})

test('families of encryption, of rows that the published packages wrote', async () => {
  await rows.insertMany([...VECTORS.map(({ stored }) => row(stored)), row(), row('{"hmac":"of an app"}')])
  const { result } = await jsonOf(['inspect', ...ON])
  // A, B and C cannot be told apart without the secret.
  const expected = {}
  for (const { family } of VECTORS) {
    const name = 'ABC'.includes(family) ? 'A, B or C' : family
    expected[name] = (expected[name] ?? 0) + 1
  }
  assert.deepEqual(result.encrypted, expected)
  assert.equal(result.layouts['connect-mongo, encrypted'], VECTORS.length)
  assert.equal(result.layouts['connect-mongo, JSON'], 2)
})

test('indexes, and what is wrong with them', async () => {
  await rows.insertOne(row())
  assert.deepEqual((await jsonOf(['inspect', ...ON])).result.indexes, {
    list: [
      { name: '_id_', key: { _id: 1 }, unique: false },
      { name: 'expires_1', key: { expires: 1 }, unique: false, expireAfterSeconds: 0 }
    ],
    troubles: []
  })
  await rows.dropIndex('expires_1')
  const { code, result } = await jsonOf(['inspect', ...ON])
  assert.equal(code, 1)
  assert.deepEqual(result.indexes.troubles.map(({ code }) => code), ['index-missing'])
  assert.match((await command(['inspect', ...ON])).stdout, /What to do: .*createIndex/)
})

test('the report for people has a bar for each bucket, and no content', async () => {
  await rows.insertMany([row(), row(), row('secret content')])
  const { code, stdout } = await command(['inspect', ...ON])
  assert.equal(code, 0)
  assert.match(stdout, /^connect-mongo-test\.command-line-inspect: 3 rows\.$/m)
  assert.match(stdout, /^ {2}connect-mongo, JSON +2 +#{40}$/m)
  assert.match(stdout, /^ {2}an app's own form +1 +#{20}$/m)
  assert.match(stdout, /^ {2}expires_1 on \{"expires":1\}, removes after 0 s$/m)
  assert.doesNotMatch(stdout, /secret|user|session \d/)
})

test('an empty collection, and one that is not there', async () => {
  const { code, result } = await jsonOf(['inspect', ...ON])
  assert.deepEqual([code, result.rows, result.sizes.mean], [0, 0, 0])
  const missing = await command(['inspect', '--collection', 'comand-line-inspect'])
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /did you mean command-line-inspect\?/)
})
