'use strict'

// What may stand in a row that no store wrote, in BSON's bytes, and what a get makes of it.

const bson = require('bson')
const { ELEMENTS, documentOf, int32, int64, string } = require('../helpers/raw-rows')

const {
  ARRAY, BINARY, BOOLEAN, CODE, CODE_WITH_SCOPE, DATE, DB_POINTER, DECIMAL, DOCUMENT, DOUBLE, INT32, INT64,
  MAX_KEY, MIN_KEY, NULL, OBJECT_ID, REGEX, STRING, SYMBOL, TIMESTAMP, UNDEFINED
} = ELEMENTS

/** There is no session: not an error. */
const MISSING = Symbol('missing')

/** An error of this name, and nobody else's. */
class Unreadable {
  constructor (name) {
    this.name = name
  }
}

/** The session in the core, an error of this name on a borrowed connection: see docs/connections.md. */
class ReadByTheCore {
  constructor (value, name) {
    this.value = value
    this.name = name
  }
}

/** What is no object is no session. */
const noSession = new Unreadable('TypeError')
const notJson = new Unreadable('SyntaxError')
const notUtf8 = new Unreadable('BSONError')

const NOTHING = Buffer.alloc(0)
const ID = '0123456789abcdef01234567'
const LATEST = 2n ** 63n - 1n
const EARLIEST = -(2n ** 63n)
/** A quoted text: lone bytes, a surrogate, an overlong and a cut sequence. */
const NO_UTF8 = ['22ff22', '22eda08022', '22c08022', '22e28222'].map(hex => Buffer.from(hex, 'hex'))

/** Too deep for `assert.deepEqual`. */
function depthOf (value) {
  let depth = 0
  for (; Array.isArray(value); value = value[0]) depth++
  return depth
}

/** Two of them are not equal. */
function isNoDate (value) {
  return value instanceof Date && Number.isNaN(value.getTime())
}

const json = text => [STRING, string(text)]
const document = (...elements) => [DOCUMENT, documentOf(...elements)]
const field = (type, bytes) => document([type, 'f', bytes])
const binary = (subtype, bytes) => Buffer.concat([int32(bytes.length), Buffer.of(subtype), bytes])
const scoped = Buffer.concat([string('x'), documentOf([INT32, 'a', int32(1)])])
const pointer = Buffer.concat([string('c'), Buffer.from(ID, 'hex')])
const double = number => Buffer.from(new Float64Array([number]).buffer)

function nested (depth, type = DOCUMENT) {
  let inner = documentOf([INT32, '0', int32(1)])
  for (let level = 0; level < depth; level++) inner = documentOf([type, '0', inner])
  return [type, inner]
}

function nestedValue (depth, wrap) {
  let inner = wrap(1)
  for (let level = 0; level < depth; level++) inner = wrap(inner)
  return inner
}

/** The deepest that mongod stores is 180 levels, of the row. */
const DEEP = 170
const DEEP_JSON = 10_000

/** In place of a session: `[type, bytes, what a get returns, or what tells that it is right]`. */
const VALUES = {
  null: [NULL, NOTHING, MISSING],
  undefined: [UNDEFINED, NOTHING, MISSING],
  'an int32': [INT32, int32(5), noSession],
  'an int64': [INT64, int64(7n), noSession],
  'an int64 beyond 2^53': [INT64, int64(LATEST), noSession],
  'a double': [DOUBLE, double(1.5), noSession],
  NaN: [DOUBLE, double(NaN), noSession],
  'a boolean': [BOOLEAN, Buffer.of(1), noSession],
  'a decimal': [DECIMAL, Buffer.alloc(16, 0xff), noSession],
  'a date': [DATE, int64(5n), noSession],
  'a date beyond all': [DATE, int64(LATEST), noSession],
  'an ObjectId': [OBJECT_ID, Buffer.from(ID, 'hex'), noSession],
  'a timestamp': [TIMESTAMP, int64(2n), noSession],
  'a binary': [BINARY, binary(0, Buffer.from('x')), noSession],
  'a UUID of three bytes': [BINARY, binary(4, Buffer.alloc(3)), noSession],
  'a regular expression': [REGEX, Buffer.from('a\0i\0'), /a/i],
  'one that JavaScript lacks': [REGEX, Buffer.from('(\0i\0'), new Unreadable('SyntaxError')],
  code: [CODE, string('x'), noSession],
  'code with a scope': [CODE_WITH_SCOPE, Buffer.concat([int32(scoped.length + 4), scoped]), noSession],
  'a DBPointer': [DB_POINTER, pointer, noSession],
  'the least key': [MIN_KEY, NOTHING, noSession],
  'the greatest key': [MAX_KEY, NOTHING, noSession],
  'a symbol of JSON': [SYMBOL, string('{"a":1}'), { a: 1 }],
  'a symbol of text': [SYMBOL, string('text'), notJson],

  'no text': [...json(''), notJson],
  'text that is no JSON': [...json('text'), notJson],
  'a zero after JSON': [...json('{}\0'), notJson],
  'JSON of a number': [...json('5'), noSession],
  'JSON of null': [...json('null'), MISSING],
  'JSON of a text': [...json('"x"'), noSession],
  'JSON of an array': [...json('[1]'), noSession],
  'JSON without a cookie': [...json('{"a":1}'), { a: 1 }],
  'JSON with a number for a cookie': [...json('{"cookie":5}'), { cookie: 5 }],
  'JSON with a null for a cookie': [...json('{"cookie":null}'), { cookie: null }],
  'JSON with an odd expiration': [...json('{"cookie":{"expires":{}}}'), { cookie: { expires: {} } }],
  'JSON with __proto__': [...json('{"__proto__":{"polluted":1}}'), JSON.parse('{"__proto__":{"polluted":1}}')],
  'JSON with a constructor': [
    ...json('{"constructor":{"prototype":{"polluted":1}}}'), { constructor: { prototype: { polluted: 1 } } }
  ],
  'JSON with a lone surrogate': [...json('{"a":"\\ud800"}'), { a: '\ud800' }],
  'deep JSON': [...json('{"a":' + '['.repeat(DEEP_JSON) + '1' + ']'.repeat(DEEP_JSON) + '}'), ({ a }) => depthOf(a) === DEEP_JSON],
  ...Object.fromEntries(NO_UTF8.map(bytes => {
    return [`text that is no UTF-8: ${bytes.toString('hex')}`, [STRING, string(bytes), notUtf8]]
  })),
  'a symbol that is no UTF-8': [SYMBOL, string(NO_UTF8[0]), notUtf8],

  'an empty document': [...document(), {}],
  'an empty array': [ARRAY, documentOf(), noSession],
  'a document with __proto__': [
    ...document([DOCUMENT, '__proto__', documentOf([INT32, 'polluted', int32(1)])]), JSON.parse('{"__proto__":{"polluted":1}}')
  ],
  'an array with __proto__': [ARRAY, documentOf([INT32, '__proto__', int32(1)]), noSession],
  'an array with odd indexes': [ARRAY, documentOf([INT32, 'x', int32(1)], [INT32, '9', int32(2)]), noSession],
  'a document with one name twice': [...document([INT32, 'a', int32(1)], [INT32, 'a', int32(2)]), { a: 2 }],
  'a document with no name': [...document([INT32, '', int32(1)]), { '': 1 }],
  'a document with undefined': [...field(UNDEFINED, NOTHING), { f: undefined }],
  'a document with text that is no UTF-8': [...field(STRING, string(NO_UTF8[0])), notUtf8],
  'a document with a name that is no UTF-8': [...document([INT32, Buffer.of(0xff), int32(1)]), { '\ufffd': 1 }],
  'a document with a date beyond all': [...field(DATE, int64(LATEST)), ({ f }) => isNoDate(f)],
  'a document with a date before all': [...field(DATE, int64(EARLIEST)), ({ f }) => isNoDate(f)],
  'a document with a binary too long': [
    ...field(BINARY, Buffer.concat([int32(5), Buffer.of(2), int32(100), Buffer.of(7)])), new Unreadable('BSONError')
  ],
  'a document with a toJSON': [...document([CODE, 'toJSON', string('x')], [INT32, 'then', int32(1)]), { toJSON: new bson.Code('x', null), then: 1 }],
  'a document with a _bsontype': [...document([STRING, '_bsontype', string('ObjectId')]), { _bsontype: 'ObjectId' }],
  'a document like a DBRef': [...document([STRING, '$ref', string('c')], [INT32, '$id', int32(1)]), noSession],
  'a document with a lastModified': [...document([INT32, 'lastModified', int32(5)]), { lastModified: 5 }],
  'a deep document': [...nested(DEEP), nestedValue(DEEP, inner => ({ 0: inner }))],
  'a deep array': [...field(...nested(DEEP, ARRAY)), { f: nestedValue(DEEP, inner => [inner]) }]
}

/** In place of `expires`: `[type, bytes]` of which there is no session, unless something else is said. */
const EXPIRIES = {
  null: [NULL, NOTHING, { 'connect-mongo': MISSING, 'session-mongoose': undefined }],
  undefined: [UNDEFINED, NOTHING, MISSING],
  'an int64': [INT64, int64(LATEST), MISSING],
  'a text': [...json('2999-01-01'), MISSING],
  'a double': [DOUBLE, double(Infinity), MISSING],
  'a timestamp': [TIMESTAMP, int64(LATEST), MISSING],
  'a document': [...document(), MISSING],
  'an array': [ARRAY, documentOf([DATE, '0', int64(BigInt(Date.now() + 3_600_000))]), MISSING],
  'the greatest key': [MAX_KEY, NOTHING, MISSING],
  'a date before 1970': [DATE, int64(-5n), MISSING],
  'the latest of JavaScript': [DATE, int64(8_640_000_000_000_000n), undefined],
  'one after the latest of JavaScript': [DATE, int64(8_640_000_000_000_001n), MISSING],
  'the latest of BSON': [DATE, int64(LATEST), MISSING],
  'the earliest of BSON': [DATE, int64(EARLIEST), MISSING]
}

/**
 * Rows that are odd as a whole: from a session, an expiration in the future, and the name of the session's
 * field, `[elements, what a get returns]`.
 */
const DAMAGED = {
  'no session': (plain, later) => [[later], MISSING],
  'no expires': plain => [[plain]],
  'two sessions': (plain, later, name) => [[plain, [STRING, name, string('{"second":1}')], later], { second: 1 }],
  'two expirations': (plain, later) => [[plain, later, [DATE, 'expires', int64(5n)]], MISSING],
  'a field __proto__': (plain, later) => [[[DOCUMENT, '__proto__', documentOf(plain, later)], plain, later]],
  'expires in __proto__': (plain, later) => [[plain, [DOCUMENT, '__proto__', documentOf([DATE, 'expires', int64(5n)])], later]],
  'a name that is no UTF-8 before the expiration': plain => {
    return [[plain, [INT32, Buffer.of(0xff), int32(1)], [DATE, 'expires', int64(5n)]], MISSING]
  },
  'a name that is no UTF-8': (plain, later) => [[[INT32, Buffer.of(0xff), int32(1)], plain, later]],
  'another field that is no UTF-8': (plain, later) => {
    return [[[STRING, 'other', string(NO_UTF8[0])], plain, later], new ReadByTheCore({ cookie: {} }, 'BSONError')]
  },
  'an odd lastModified': (plain, later) => [[plain, later, [DATE, 'lastModified', int64(LATEST)]]],
  'an odd createdAt': (plain, later) => [[plain, later, [INT32, 'createdAt', int32(1)]]]
}

module.exports = { DAMAGED, EXPIRIES, MISSING, ReadByTheCore, Unreadable, VALUES }
