'use strict'

// The size of a session that is stored as a document is what bson makes of it, in every version.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { bsonSize } = require('../../lib/session/size')

const WRITING = { ignoreUndefined: false, serializeFunctions: false, checkKeys: false }

for (const name of ['bson', 'bson-6', 'bson-4', 'bson-1']) {
  describe(name, () => {
    const required = require(name)
    const bson = typeof required.serialize === 'function' ? required : new required()
    const { Long, Decimal128, Double, Int32, Code, Binary, BSONRegExp, DBRef, Timestamp } = required
    const ObjectId = required.ObjectId ?? required.ObjectID
    const BSONSymbol = required.BSONSymbol ?? required.Symbol
    const values = {
      text: 'aé€😀',
      numbers: [0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 0.5, NaN, Infinity],
      booleans: { yes: true, no: false },
      nothing: { null: null, undefined },
      functions: { f () {}, g: 1 },
      dates: [new Date(0), new Date(NaN)],
      expressions: [/a/, /é+/gi],
      bytes: Buffer.from('abc'),
      empty: [{}, [], '', Buffer.alloc(0)],
      nested: { a: { b: [{ c: 'd' }, ['e']] }, schlüssel: 1 },
      manyItems: Array.from({ length: 1100 }, (_, n) => n),
      map: new Map([['a', 1], ['b', { c: 2 }]]),
      toBSON: { toBSON: () => ({ a: 'b' }) },
      objectId: new ObjectId(),
      long: Long.fromNumber(2 ** 40),
      decimal: Decimal128.fromString('1.5'),
      double: new Double(1),
      int32: new Int32(1),
      code: [new Code('function () {}'), new Code('f()', { a: 1 })],
      binary: [new Binary(Buffer.from('abc')), new Binary(Buffer.from('abc'), 2), new Binary(Buffer.from('abc'), 128)],
      expression: new BSONRegExp('a+', 'i'),
      symbol: new BSONSymbol('sé'),
      reference: [new DBRef('rows', new ObjectId()), new DBRef('rows', new ObjectId(), 'other')],
      timestamp: name === 'bson-1' ? new Timestamp(1, 2) : new Timestamp({ t: 1, i: 2 }),
      ends: [new required.MinKey(), new required.MaxKey()]
    }
    for (const [kind, value] of Object.entries(values)) {
      test(kind, () => assert.equal(bsonSize({ session: value }), bson.serialize({ session: value }, WRITING).length))
    }
  })
}
