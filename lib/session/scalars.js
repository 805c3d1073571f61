'use strict'

const { isDate } = require('util/types')

const { BOOLEAN, NULL, STRING } = require('./bson-types')
const { encodeId } = require('./ids')
const { describe } = require('../support/describe')

// The values of the fields beside a session: single values that an index can find again.

/** Bytes of a string or Buffer: MongoDB before 4.2 indexes no more. */
const MAX_BYTES = 1024

const ACCEPTED = 'a string, number, bigint, boolean, Date, ObjectId or Buffer'

/** A copy of a value that may be stored; null for null and undefined. `what`: the beginning of the error. */
function scalar (what, value) {
  switch (typeof value) {
    case 'undefined': return null
    case 'boolean': return value
    case 'string': return short(what, value, Buffer.byteLength(value))
    case 'number': if (!Number.isNaN(value)) return value; break
    case 'bigint': return integer(what, value)
    case 'object': {
      if (value === null) return null
      const copy = copyOf(what, value)
      if (copy !== undefined) return copy
    }
  }
  throw new TypeError(`${what} ${ACCEPTED}: got ${describe(value)}`)
}

/** Drivers before 5 know no bigint, and to MongoDB it is the same number. */
function integer (what, value) {
  if (value !== BigInt.asIntN(64, value)) throw new RangeError(`${what} a bigint of at most 64 bits`)
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function copyOf (what, value) {
  if (isDate(value)) return Number.isNaN(value.getTime()) ? undefined : new Date(value)
  if (value instanceof Uint8Array) return Buffer.from(short(what, value, value.length))
  switch (value._bsontype) {
    case 'ObjectId':
    case 'ObjectID': return value
    case 'Binary': return short(what, value, value.position)
    case 'Int32':
    case 'Double': return value.valueOf()
    case 'Long': return integer(what, BigInt(value.toString()))
  }
}

function short (what, value, bytes) {
  if (bytes > MAX_BYTES) throw new RangeError(`${what} at most ${MAX_BYTES} bytes: got ${bytes}`)
  return value
}

/** The BSON document of names and scalars. */
function encodeScalars (scalars) {
  const parts = [Buffer.alloc(4)]
  for (const [name, value] of Object.entries(scalars)) {
    const [type, bytes] = encodeScalar(value)
    parts.push(Buffer.of(type), Buffer.from(`${name}\0`), bytes)
  }
  const document = Buffer.concat([...parts, Buffer.alloc(1)])
  document.writeInt32LE(document.length)
  return document
}

function encodeScalar (value) {
  if (value === null) return [NULL, Buffer.alloc(0)]
  if (typeof value === 'boolean') return [BOOLEAN, Buffer.of(Number(value))]
  if (typeof value === 'string') {
    const bytes = Buffer.from(`${value}\0`)
    const length = Buffer.alloc(4)
    length.writeInt32LE(bytes.length)
    return [STRING, Buffer.concat([length, bytes])]
  }
  const bytes = encodeId(value)
  return [bytes[0], bytes.subarray(1)]
}

module.exports = { encodeScalars, scalar }
