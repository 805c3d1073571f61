'use strict'

// Stored values of every kind, as what a conditional save expects: it finds them equal, or fails clearly.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const {
  BSONRegExp, BSONSymbol, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp
} = require('mongodb')

const { fresh, loaded, stored } = require('../helpers/conflicts')
const { skipsBefore } = require('../helpers/server-version')
const { useCollection } = require('../helpers/stores')

const collection = useCollection('conflicts-values')

const DOLLARS = 'names with dots and dollars'

/** What the driver reads of it is what is stored. */
const MATCHED = {
  undefined: { a: undefined, list: [undefined] },
  '-0': { a: -0, double: new Double(-0) },
  NaN: { a: NaN },
  infinity: { a: Infinity, b: -Infinity },
  'a long beyond 2^53': { a: Long.fromString('9007199254740993') },
  'a small long, and a double that is whole': { a: Long.fromNumber(7), b: new Double(7), c: new Int32(7) },
  'a decimal': { a: Decimal128.fromString('1.10') },
  'a date, an id and bytes': { a: new Date(0), b: new ObjectId(), c: Buffer.from('b') },
  'a regular expression': { a: /a/i },
  'a symbol': { a: new BSONSymbol('s') },
  'code and a timestamp': { a: new Code('x', { y: 1 }), b: new Timestamp({ t: 1, i: 2 }) },
  'the ends of the order': { a: new MinKey(), b: new MaxKey() },
  [DOLLARS]: { 'a.b': 1, $c: { $d: 2 } },
  'an empty document and list': { a: {}, b: [] }
}

/** JavaScript has no such value: a driver reads another one, which the server does not find equal. */
const UNMATCHED = { 'a regular expression with an option of its own': { a: new BSONRegExp('a', 'x') } }

const cookie = { originalMaxAge: null, expires: null }
const SETTINGS = { stringify: false, autoRemove: 'disabled', operationTimeoutMS: 10_000 }
let sids = 0

async function put (data) {
  const _id = `value-${++sids}`
  await collection.rows.insertOne({ _id, session: { ...data, n: 1, cookie }, expires: new Date(Date.now() + 60_000) })
  return _id
}

for (const [way, open] of Object.entries(collection.backends)) {
  const reads = way.includes(' on ') ? 'a driver' : 'the core'

  describe(way, () => {
    for (const [what, data] of Object.entries(MATCHED)) {
      test(`${what}: the save finds what it expects`, async t => {
        if (what === DOLLARS && await skipsBefore('5.0', 'such name', t)) return
        const store = open({ ...SETTINGS, conflicts: 'reject' })
        const sid = await put(data)
        const object = await loaded(store, sid)
        for (let n = 2; n <= 4; n++) {
          object.n = n
          await store.set(sid, object)
        }
        assert.equal((await stored(store, sid)).n, 4)
        assert.equal((await store.stats()).conflicts, 0)
      })
    }

    test('what an app puts into a new session is found again', async () => {
      const store = open({ ...SETTINGS, conflicts: 'reject' })
      const sid = `value-${++sids}`
      const object = fresh(store, sid, { none: undefined, zero: -0, nan: NaN, list: [undefined, -0], n: 1 })
      await store.set(sid, object)
      object.n = 2
      await store.set(sid, object)
      const again = await loaded(store, sid)
      again.n = 3
      await store.set(sid, again)
      assert.equal((await stored(store, sid)).n, 3)
    })

    for (const [what, data] of Object.entries(UNMATCHED)) {
      for (const conflicts of ['merge', 'reject', (base, theirs, ours) => ours]) {
        test(`${what}, by ${reads}, ${typeof conflicts === 'function' ? 'a function' : conflicts}`, async () => {
          const store = open({ ...SETTINGS, conflicts })
          const sid = await put(data)
          const object = await loaded(store, sid)
          object.n = 2
          if (reads === 'the core') {
            await store.set(sid, object)
            assert.equal((await stored(store, sid)).n, 2)
            return
          }
          const started = performance.now()
          await assert.rejects(store.set(sid, object), ({ name, message }) =>
            name === 'SessionConflictError' && message.includes('cannot be saved conditionally'))
          assert.ok(performance.now() - started < 5000, 'it does not try until its time is up')
          assert.equal((await stored(store, sid)).n, 1, 'what is stored is as it was')
          await store.destroy(sid)
        })
      }
    }
  })
}
