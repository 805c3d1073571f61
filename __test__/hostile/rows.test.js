'use strict'

// Rows that no store wrote: other programs', damaged ones, or put there on purpose. Every backend makes the
// same of each, and none of them touches the sessions beside it.

const assert = require('node:assert/strict')
const { before, describe, test } = require('node:test')
const { inspect } = require('node:util')
const session = require('express-session')
const { ObjectId } = require('mongodb')

const sessionMongoose = require('../../session-mongoose')
const { documentOf, ELEMENTS, insertRaw, int64, string } = require('../helpers/raw-rows')
const { DATABASE, useCollection } = require('../helpers/stores')
const { DAMAGED, EXPIRIES, MISSING, ReadByTheCore, Unreadable, VALUES } = require('./damaged-rows')

const { DATE, OBJECT_ID, STRING } = ELEMENTS
const SessionStore = sessionMongoose(session)
const { backends, keep, rows, url } = useCollection('hostile-rows')

/** Session-mongoose's stores on a URL, by the core and by the driver. */
const ofSessionMongoose = ['native', 'driver'].map(backend => [backend, () => {
  return keep(new SessionStore({ url, backend, collection: rows.collectionName, sweeper: false }))
}])

const LAYOUTS = {
  'connect-mongo': {
    id: '_id',
    value: 'session',
    stores: Object.entries(backends).map(([name, open]) => [name, () => open({ autoRemove: 'disabled' })])
  },
  'session-mongoose': { id: 'sid', value: 'data', stores: ofSessionMongoose }
}

const PLAIN = { cookie: {} }
const LATER = [DATE, 'expires', int64(BigInt(Date.now() + 3_600_000))]

/** `[id, elements, what a get returns]` of every row. */
function casesOf (layout, value) {
  const plain = [STRING, value, string(JSON.stringify(PLAIN))]
  const cases = [
    ...Object.entries(VALUES).map(([name, [type, bytes, expected]]) => [name, [[type, value, bytes], LATER], expected]),
    ...Object.entries(EXPIRIES).map(([name, [type, bytes, expected]]) => {
      const each = typeof expected === 'object' ? expected[layout] : expected
      return [`expires: ${name}`, [plain, [type, 'expires', bytes]], each ?? PLAIN]
    }),
    ...Object.entries(DAMAGED).map(([name, make]) => {
      const [elements, expected = PLAIN] = make(plain, LATER, value)
      return [name, elements, expected]
    })
  ]
  const neighbours = Array.from({ length: 30 }, (_, n) => [`neighbour ${n}`, [plain, LATER], PLAIN])
  return [...cases, ...neighbours]
}

for (const [layout, { id: field, value, stores }] of Object.entries(LAYOUTS)) {
  const cases = casesOf(layout, value)
  const ids = cases.map(([id]) => id)
  const documents = cases.map(([id, elements]) => {
    const own = field === '_id' ? [] : [[OBJECT_ID, '_id', Buffer.from(new ObjectId().id)]]
    return documentOf(...own, [STRING, field, string(id)], ...elements)
  })

  for (const [name, open] of stores) {
    describe(`${layout}, ${name}`, () => {
      before(async () => {
        await rows.deleteMany({})
        await insertRaw(url, DATABASE, rows.collectionName, documents)
      })

      test('each row is read by itself', async () => {
        const store = open()
        for (const [id, , expected] of cases) check(id, await outcome(store, id), expected)
      })

      test('in one find each has its own result', async () => {
        const store = open()
        const outcomes = await Promise.all(ids.map(id => outcome(store, id)))
        cases.forEach(([id, , expected], index) => check(id, outcomes[index], expected))
      })

      test('ids and length go on over all of them', async () => {
        const store = open()
        assert.equal(await store.length(), cases.length)
        const listed = new Set(await new Promise((resolve, reject) => {
          store.ids((error, found) => error ? reject(error) : resolve(found))
        }))
        for (const id of ids.filter(id => id.startsWith('neighbour'))) assert.ok(listed.has(id), id)
      })

      test('a set takes the place of what was there', async () => {
        const store = open()
        await Promise.all(ids.map(id => store.set(id, { cookie: {}, mine: id })))
        for (const [id, , expected] of cases) {
          const found = await outcome(store, id)
          // The rest of a row stays as it is, and so does the second of two fields.
          const keeps = (expected instanceof ReadByTheCore && found.error) || id.startsWith('two ')
          if (!keeps) assert.equal(found.value?.mine, id, inspect(found))
        }
      })

      test('no prototype was changed', () => {
        assert.equal({}.polluted, undefined)
        assert.equal([].polluted, undefined)
      })
    })
  }
}

/** `{ value }` or `{ error }` of a get. */
async function outcome (store, id) {
  try {
    return { value: await store.get(id) }
  } catch (error) {
    return { error }
  }
}

function check (id, { value, error }, expected) {
  if (expected === MISSING) {
    assert.deepEqual({ value: value ?? null, error }, { value: null, error: undefined }, id)
  } else if (expected instanceof Unreadable || (expected instanceof ReadByTheCore && error)) {
    assert.equal(error?.name, expected.name, `${id}: ${inspect(value ?? error)}`)
  } else {
    assert.ifError(error)
    if (typeof expected === 'function') return assert.ok(expected(value), `${id}: ${inspect(value)}`)
    assert.deepEqual(value, expected instanceof ReadByTheCore ? expected.value : expected, id)
  }
}
