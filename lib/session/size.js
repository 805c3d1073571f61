'use strict'

const { isAnyArrayBuffer, isDate, isMap, isRegExp } = require('util/types')

const { makeError } = require('../support/errors')

// What no server can store fails before it is sent, by its size. bson and the drivers fail in words of their
// own, and only at about 17 MiB.

/** Bytes. The server's limit of a document, in every version so far. */
const MAX_BYTES = 16 << 20

/** Bytes that a row has beside its id and its session, at most: STATEMENT_BYTES in src/command/write.rs. */
const OVERHEAD = 160

/** BSON takes at most this many bytes for a character. */
const MAX_CHARACTER = 3

/** Whether something of so many characters may be too large, so that it is worth measuring. */
function mayBeTooLarge (characters) {
  return characters > MAX_BYTES / MAX_CHARACTER - OVERHEAD
}

/** Throws for a session that takes too many bytes. `id` is its session id. */
function checkSize (bytes, id = '') {
  const size = bytes + OVERHEAD + (typeof id === 'string' ? Buffer.byteLength(id) : 0)
  if (size > MAX_BYTES) throw tooLarge(size)
}

/** Throws for a conditional set whose session and the one that it expects do not fit one command. */
function checkTogether (bytes, expectedBytes) {
  const size = bytes + expectedBytes + OVERHEAD
  if (size <= MAX_BYTES) return
  throw withCode(makeError('MongoServerError', 'the session and the stored one that it is to replace are larger than a ' +
    `command may be (BSONObjectTooLarge): they take ${size} bytes together, the limit is ${MAX_BYTES}`))
}

function tooLarge (bytes) {
  return withCode(makeError('MongoServerError', 'the session is larger than MongoDB stores (BSONObjectTooLarge): it takes ' +
    `${bytes} bytes, the limit is ${MAX_BYTES}`))
}

function withCode (error) {
  return Object.assign(error, { code: 10334, codeName: 'BSONObjectTooLarge' })
}

/** Bytes that a value takes in BSON, without its name, as drivers write it. It must not be circular. */
function bsonSize (value) {
  switch (typeof value) {
    case 'string': return stringSize(value)
    case 'number': return Number.isInteger(value) && value === (value | 0) && !Object.is(value, -0) ? 4 : 8
    case 'bigint': return 8
    case 'boolean': return 1
    case 'object': return value === null ? 0 : objectSize(value)
    default: return 0 // undefined is null; functions are left out
  }
}

function objectSize (value) {
  if (isDate(value)) return 8
  if (isRegExp(value)) return Buffer.byteLength(value.source) + value.flags.length + 2
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return 5 + value.byteLength
  if (value._bsontype !== undefined) return SIZES[value._bsontype]?.(value) ?? 0
  if (typeof value.toBSON === 'function') return bsonSize(value.toBSON())
  let size = 5
  if (Array.isArray(value)) for (let index = 0; index < value.length; index++) size += fieldSize(index, value[index])
  else if (isMap(value)) for (const [name, item] of value) size += fieldSize(name, item)
  else for (const name of Object.keys(value)) size += fieldSize(name, value[name])
  return size
}

function fieldSize (name, value) {
  return typeof value === 'function' ? 0 : 2 + Buffer.byteLength(String(name)) + bsonSize(value)
}

function stringSize (text) {
  return 5 + Buffer.byteLength(text)
}

/** Of the classes of bson, by `_bsontype` in the spelling of each major. */
const SIZES = {
  Binary: ({ position, sub_type: subtype }) => 5 + position + (subtype === 2 ? 4 : 0),
  BSONRegExp: ({ pattern, options }) => Buffer.byteLength(pattern) + Buffer.byteLength(options) + 2,
  BSONSymbol: value => stringSize(value.valueOf()),
  Code: ({ code, scope }) =>
    stringSize(String(code)) + (scope && Object.keys(scope).length > 0 ? 4 + bsonSize(scope) : 0),
  DBRef: ({ collection, namespace, oid, db, fields }) =>
    bsonSize({ $ref: collection ?? namespace, $id: oid, ...db && { $db: db }, ...fields }),
  Decimal128: () => 16,
  Double: () => 8,
  Int32: () => 4,
  Long: () => 8,
  MaxKey: () => 0,
  MinKey: () => 0,
  ObjectId: () => 12,
  ObjectID: () => 12,
  Symbol: value => stringSize(value.valueOf()),
  Timestamp: () => 8
}

module.exports = { bsonSize, checkSize, checkTogether, mayBeTooLarge }
