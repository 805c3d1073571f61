'use strict'

const { isDate } = require('util/types')

const bson = require('./bson')
const { BINARY, DATE, DOUBLE, INT32, INT64, OBJECT_ID } = require('./bson-types')
const { describe } = require('../support/describe')

// A session id is a MongoDB `_id`. A string crosses to the core as it is. Whatever else `transformId` makes
// of it crosses as bytes: the BSON type, then the BSON value. So an id is always a value to compare with,
// never a query operator.

/** What the backends take for an id: a string, or `[type, ...value]` as a Buffer. */
function encodeId (id) {
  switch (typeof id) {
    case 'string': return id
    case 'number': return encodeNumber(id)
    case 'bigint': return encodeInt64(INT64, id)
    case 'object': if (id !== null) return encodeObject(id)
  }
  throw unusable(id)
}

function encodeNumber (number) {
  // What fits is an int32, as the Node driver stores it. -0 is not: only a double keeps its sign.
  if (Number.isInteger(number) && number === (number | 0) && !Object.is(number, -0)) {
    const bytes = typed(INT32, 4)
    bytes.writeInt32LE(number, 1)
    return bytes
  }
  const bytes = typed(DOUBLE, 8)
  bytes.writeDoubleLE(number, 1)
  return bytes
}

function encodeInt64 (type, bigint) {
  if (bigint !== BigInt.asIntN(64, bigint)) throw new RangeError('a bigint session id must fit in 64 bits')
  const bytes = typed(type, 8)
  bytes.writeBigInt64LE(bigint, 1)
  return bytes
}

function encodeObject (id) {
  if (isDate(id)) {
    const time = id.getTime()
    if (Number.isNaN(time)) throw new TypeError('a Date session id must be a valid date')
    return encodeInt64(DATE, BigInt(time))
  }
  if (id instanceof Uint8Array) return encodeBinary(id, 0)
  // `_bsontype` is how every bson version names its classes; an ObjectId of any of them will do.
  if (id._bsontype === 'ObjectId' || id._bsontype === 'ObjectID') {
    return Buffer.concat([Buffer.of(OBJECT_ID), Buffer.from(id.toHexString(), 'hex')], 13)
  }
  if (id._bsontype === 'Binary') return encodeBinary(id.buffer.subarray(0, id.position), id.sub_type)
  throw unusable(id)
}

function encodeBinary (data, subtype) {
  const bytes = typed(BINARY, 5 + data.length)
  bytes.writeInt32LE(data.length, 1)
  bytes[5] = subtype
  bytes.set(data, 6)
  return bytes
}

/** A Buffer of its own, never a slice of Node's shared pool: the core reads all of it. */
function typed (type, length) {
  const bytes = Buffer.alloc(1 + length)
  bytes[0] = type
  return bytes
}

function unusable (id) {
  const accepted = 'a string, number, bigint, ObjectId, Buffer or Date'
  return new TypeError(`a session id, or what transformId makes of it, must be ${accepted}: got ${describe(id)}`)
}

/** The id that `encodeId` was given, as the Node driver would read it from the server. */
function decodeId (encoded) {
  if (typeof encoded === 'string') return encoded
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length)
  switch (bytes[0]) {
    case INT32: return bytes.readInt32LE(1)
    case DOUBLE: return bytes.readDoubleLE(1)
    case DATE: return new Date(Number(bytes.readBigInt64LE(1)))
    case INT64: {
      const value = bytes.readBigInt64LE(1)
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
    case BINARY: if (bytes[5] === 0) return Buffer.from(bytes.subarray(6))
  }
  return bson.decodeElement(bytes[0], bytes.subarray(1))
}

/** An id is a credential: what people read shows its first 6 characters. */
function shortId (id) {
  return `${String(id).slice(0, 6)}…`
}

module.exports = { decodeId, encodeId, shortId }
