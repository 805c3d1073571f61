'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const bson = require('bson')

const { decodeId, encodeId, shortId } = require('../../lib/session/ids')

const OBJECT_ID = '0123456789abcdef01234567'

/**
 * BSON of a document with that `_id`, without its length, the name `_id` and the end: the type, then the
 * value.
 */
function bsonOf (value) {
  const document = Buffer.from(bson.serialize({ _id: value }))
  return Buffer.concat([document.subarray(4, 5), document.subarray(9, -1)])
}

describe('ids', () => {
  test('a string crosses as it is, whatever is in it', () => {
    for (const id of ['abc', '', 'é✓😀', '$ne', 'a\0b']) {
      assert.equal(encodeId(id), id)
      assert.equal(decodeId(id), id)
    }
  })

  const storable = {
    'an int32': [42, new bson.Int32(42)],
    'the least int32': [-(2 ** 31), new bson.Int32(-(2 ** 31))],
    'an integer beyond int32': [2 ** 31, new bson.Double(2 ** 31)],
    'a fraction': [1.5, new bson.Double(1.5)],
    'minus zero': [-0, new bson.Double(-0)],
    'a bigint': [2n ** 60n, bson.Long.fromBigInt(2n ** 60n)],
    'a date': [new Date(1_700_000_000_000), new Date(1_700_000_000_000)],
    'a date before 1970': [new Date(-5), new Date(-5)],
    'a buffer': [Buffer.from('session'), new bson.Binary(Buffer.from('session'))],
    'bytes of a larger buffer': [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), new bson.Binary(Buffer.from([2, 3]))]
  }
  for (const [name, [id, asBson]] of Object.entries(storable)) {
    test(`${name} crosses as its BSON and comes back`, () => {
      const encoded = encodeId(id)
      assert.deepEqual(Buffer.from(encoded), bsonOf(asBson))
      const decoded = decodeId(new Uint8Array(encoded))
      assert.deepEqual(Buffer.isBuffer(decoded) ? [...decoded] : decoded, id instanceof Uint8Array ? [...id] : id)
    })
  }

  for (const major of ['bson-1', 'bson-4', 'bson-6', 'bson']) {
    test(`an ObjectId of ${major} crosses as its 12 bytes`, () => {
      const { ObjectID, ObjectId = ObjectID } = require(major)
      const encoded = encodeId(new ObjectId(OBJECT_ID))
      assert.deepEqual(encoded, bsonOf(new bson.ObjectId(OBJECT_ID)))
      assert.equal(decodeId(encoded).toHexString(), OBJECT_ID)
    })
  }

  test('a UUID keeps its subtype', () => {
    const id = new bson.UUID()
    assert.deepEqual(encodeId(id), bsonOf(id))
    assert.equal(decodeId(encodeId(id)).toString(), id.toString())
  })

  test('what is no storable value is refused: an object is never a query', () => {
    const unstorable = [undefined, null, true, {}, { $ne: null }, ['a'], /a/, new Map(), () => {}, Symbol('a')]
    for (const id of unstorable) assert.throws(() => encodeId(id), { name: 'TypeError', message: /must be a string/ })
    assert.throws(() => encodeId(new Date(NaN)), { name: 'TypeError' })
    assert.throws(() => encodeId(2n ** 63n), { name: 'RangeError' })
  })

  test('the refusal does not repeat what it was given', () => {
    assert.throws(() => encodeId({ secret: 'hunter2' }), error => !error.message.includes('hunter2'))
  })

  test('people are shown six characters', () => {
    assert.equal(shortId('0123456789abcdef'), '012345…')
    assert.equal(shortId(12), '12…')
    assert.equal(shortId(undefined), 'undefi…')
  })
})
