'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const bson = require('bson')
const { Cookie } = require('express-session')

const { createCodec } = require('../../lib/session/codec')
const { LastModified } = require('../../lib/session/dates')

const OBJECT_ID = '0123456789abcdef01234567'

/** What a document's bytes hold, as the Node.js driver would read them. */
function documentOf (bytes) {
  assert.ok(bytes instanceof Uint8Array)
  return bson.deserialize(bytes).session
}

describe('stringify: true', () => {
  const codec = createCodec({ stringify: true })

  test('stores exactly what JSON.stringify makes of a session', () => {
    const session = { cookie: new Cookie({ maxAge: 1000 }), text: 'é✓😀\ud800', b: 2, a: 1, none: undefined, n: [1.50] }
    assert.equal(codec.encode(session), JSON.stringify(session))
  })

  test('and of odd ones', () => {
    const cookie = new Cookie({ maxAge: 1000 })
    const own = Object.assign(new Date(1000), { toJSON: () => 'own' })
    const cookies = [
      cookie, new Cookie(), new Cookie({ expires: new Date(NaN) }), new Cookie({ expires: new Date(-1e14) }),
      { expires: new Date(1000) }, new Date(1000), 'text', null, { toJSON: () => 'text' }, { toJSON: () => null },
      { toJSON: key => ({ expires: new Date(1000), key }) }, { toJSON: () => ({ expires: own }) },
      { toJSON: () => Object.assign([1], { expires: new Date(1000) }) },
      { toJSON: () => ({ expires: new Date(1000), toJSON: () => 'again' }) }
    ]
    const sessions = [
      ...cookies.map(cookie => ({ b: 1, cookie, 1: 2 })), Object.create({ cookie }), Object.assign([1], { cookie }),
      Object.assign(() => {}, { cookie }), { cookie, toJSON: () => 'own' }, { cookie, get a () { return this.cookie.path } }
    ]
    for (const session of sessions) assert.equal(codec.encode(session), JSON.stringify(session) ?? null)
  })

  test('an app decides what a date becomes', t => {
    const session = { cookie: new Cookie({ maxAge: 1000 }) }
    t.mock.method(Date.prototype, 'toJSON', () => 'mine')
    assert.match(codec.encode(session), /"expires":"mine"/)
  })

  test('stores no session as null', () => {
    assert.equal(codec.encode(undefined), null)
    assert.equal(codec.decode(null), null)
  })

  test('fails for what JSON cannot say', () => {
    const circular = {}
    circular.self = circular
    assert.throws(() => codec.encode(circular), TypeError)
    assert.throws(() => codec.encode({ n: 1n }), TypeError)
  })

  test("leaves the row's lastModified out, and an app's own in", () => {
    assert.equal(codec.encode({ a: 1, lastModified: new LastModified() }), '{"a":1}')
    assert.equal(codec.encode({ a: 1, lastModified: 'x' }), '{"a":1,"lastModified":"x"}')
  })

  test('does not repeat what it cannot parse', () => {
    assert.throws(() => codec.decode('hunter2 is no JSON'), error =>
      error instanceof SyntaxError && !error.message.includes('hunter2') && /not JSON/.test(error.message))
  })
})

describe('stringify: false', () => {
  const codec = createCodec({ stringify: false })

  test('stores types as the Node.js driver does', () => {
    const date = new Date()
    const stored = documentOf(codec.encode({
      date, id: new bson.ObjectId(OBJECT_ID), none: undefined, list: [1, undefined], buffer: Buffer.from('b'),
      method () {}, map: new Map([['k', 1]]), big: 2n ** 40n, 'a.b': 1, $set: 2, toBSON: undefined,
      nested: { toBSON: () => 'as it likes' }
    }))
    assert.deepEqual(stored.date, date)
    assert.equal(stored.id.toHexString(), OBJECT_ID)
    assert.equal(stored.none, null)
    assert.deepEqual(stored.list, [1, null])
    assert.equal(stored.buffer._bsontype, 'Binary')
    assert.ok(!('method' in stored))
    assert.deepEqual(stored.map, { k: 1 })
    assert.equal(stored.big, 2 ** 40)
    assert.equal(stored['a.b'], 1)
    assert.equal(stored.$set, 2)
    assert.equal(stored.nested, 'as it likes')
  })

  test("stores the cookie's data, not the Cookie", () => {
    const cookie = new Cookie({ maxAge: 1000 })
    cookie.originalMaxAge = 1000
    const { cookie: stored } = documentOf(codec.encode({ cookie }))
    assert.deepEqual(stored.expires, cookie.expires)
    assert.equal(stored.originalMaxAge, 1000)
    assert.equal(stored._expires, undefined)
    assert.equal(stored.data, undefined)
  })

  test('stores what a session inherits', () => {
    assert.deepEqual(documentOf(codec.encode(Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }))),
      { own: 2, inherited: 1 })
  })

  test("does not change the caller's session, and leaves the row's lastModified out", () => {
    const session = { a: 1, cookie: new Cookie(), lastModified: new LastModified() }
    assert.deepEqual(Object.keys(documentOf(codec.encode(session))), ['a', 'cookie'])
    assert.ok(session.lastModified instanceof LastModified)
    assert.ok(session.cookie instanceof Cookie)
  })

  test('fails for what BSON cannot say', () => {
    const circular = {}
    circular.self = circular
    assert.throws(() => codec.encode(circular))
  })

  for (const major of ['bson-1', 'bson-4', 'bson-6', 'bson']) {
    test(`values of ${major} survive the round trip`, () => {
      const { ObjectID, ObjectId = ObjectID, Long, Decimal128, Binary, Timestamp } = require(major)
      const back = codec.decode(codec.encode({
        deep: [{ id: new ObjectId(OBJECT_ID) }], date: new Date(5), map: new Map([['id', new ObjectId(OBJECT_ID)]]),
        long: Long.fromString('9007199254740993'), decimal: Decimal128.fromString('0.1'),
        binary: new Binary(Buffer.from('b')), stamp: Timestamp.fromString('12', 10), buffer: Buffer.from('b'), re: /a/i
      }))
      assert.ok(back.deep[0].id instanceof bson.ObjectId)
      assert.equal(back.deep[0].id.toHexString(), OBJECT_ID)
      assert.equal(back.map.id.toHexString(), OBJECT_ID)
      assert.equal(back.long.toString(), '9007199254740993')
      assert.equal(back.decimal.toString(), '0.1')
      assert.equal(Buffer.from(back.binary.buffer).toString(), 'b')
      assert.equal(back.stamp.toString(), '12')
      assert.deepEqual(back.date, new Date(5))
      assert.deepEqual(back.re, /a/i)
    })
  }
})

describe('what is stored decides how it is read', () => {
  const document = createCodec({ stringify: false }).encode({ a: new Date(5) })

  test('a string is JSON, a document is itself, whatever stringify says', () => {
    for (const stringify of [true, false]) {
      const codec = createCodec({ stringify })
      assert.deepEqual(codec.decode('{"a":1}'), { a: 1 })
      assert.deepEqual(codec.decode(document), { a: new Date(5) })
      assert.equal(codec.decode(null), null)
    }
  })
})

describe('hooks', () => {
  test('come before stringify', () => {
    const codec = createCodec({ stringify: true, serialize: ({ a }) => `a:${a}`, unserialize: text => ({ a: text.slice(2) }) })
    assert.equal(codec.encode({ a: 'x' }), 'a:x')
    assert.deepEqual(codec.decode('a:x'), { a: 'x' })
  })

  test('serialize alone: get returns what is stored, as in connect-mongo', () => {
    const codec = createCodec({ stringify: true, serialize: JSON.stringify })
    assert.equal(codec.decode(codec.encode({ a: 1 })), '{"a":1}')
  })

  test('unserialize alone: sessions are stored as documents, as in connect-mongo', () => {
    const codec = createCodec({ stringify: true, unserialize: stored => ({ ...stored, b: 2 }) })
    const value = codec.encode({ cookie: new Cookie(), a: 1 })
    assert.equal(documentOf(value).a, 1)
    assert.equal(codec.decode(value).b, 2)
  })

  test('unserialize gets what is stored, parsed by nobody', () => {
    const seen = []
    const codec = createCodec({ stringify: true, unserialize: value => seen.push(value) })
    codec.decode('{"a":1}')
    codec.decode(null)
    codec.decode(createCodec({ stringify: false }).encode({ a: 1 }))
    assert.deepEqual(seen, ['{"a":1}', null, { a: 1 }])
  })

  test('serialize may return anything that MongoDB can store', () => {
    for (const value of [5, true, ['a'], { a: { b: 1 } }, new Date(5)]) {
      const codec = createCodec({ stringify: true, serialize: () => value })
      assert.deepEqual(codec.decode(codec.encode({})), value)
    }
    for (const value of [undefined, null]) assert.equal(createCodec({ serialize: () => value }).encode({}), null)
  })

  test('serialize must not be asynchronous', () => {
    assert.throws(() => createCodec({ serialize: async () => 'x' }).encode({}), { name: 'TypeError', message: /promise/ })
  })

  test("what serialize makes of a session never has the row's lastModified", () => {
    const codec = createCodec({ serialize: session => session })
    assert.deepEqual(documentOf(codec.encode({ a: 1, lastModified: new LastModified() })), { a: 1 })
  })

  test('their exceptions pass', () => {
    const fails = () => { throw new Error('by hook') }
    assert.throws(() => createCodec({ serialize: fails }).encode({}), { message: 'by hook' })
    assert.throws(() => createCodec({ unserialize: fails }).decode('{}'), { message: 'by hook' })
  })
})
