'use strict'

const { isDate, isMap, isRegExp, isAnyArrayBuffer } = require('util/types')

const { findPeer, missingPeer } = require('../support/peers')
const { bsonSize, checkSize, mayBeTooLarge } = require('./size')

// Sessions that are stored as documents (`stringify: false`) pass through the app's own `bson`, so that its
// ObjectIds, Decimal128s, … are stored as the Node driver stores them and come back as instances of the app's
// classes.

/** The mongodb driver's defaults, which are not bson's own: undefined becomes null, functions are dropped. */
const WRITING = { ignoreUndefined: false, serializeFunctions: false, checkKeys: false }
const READING = { promoteLongs: true, promoteValues: true, promoteBuffers: false }

const PLACES = [['bson'], ['mongodb', 'bson'], ['mongoose', 'bson'], ['mongoose', 'mongodb', 'bson']]

let app

/** The app's bson, or else the one of its driver. */
function load () {
  if (app === undefined) {
    const found = findPeer(...PLACES) ?? ofDriver()
    if (found === undefined) throw missingPeer('bson', 'a session stored as a document (stringify: false)')
    // bson 1, of mongodb 3, is a class; later ones are modules of functions.
    app = typeof found.serialize === 'function' ? found : new found()
  }
  return app
}

/** In a bundle there is no bson but what the driver exports, which it does since mongodb 5. */
function ofDriver () {
  return findPeer(['mongodb'])?.BSON ?? findPeer(['mongoose'])?.mongo?.BSON
}

/** The BSON of `{ session: value }`, for any value. */
function encode (value) {
  const bson = load()
  try {
    return checked(bson.serialize({ session: value }, WRITING), value)
  } catch (error) {
    if (error.name === 'BSONVersionError') return encode(adopt(value, bson))
    // Past the 17 MiB of bson's own buffer: a RangeError, or bytes that are cut off.
    if (error.name === 'RangeError') checkSize(bsonSize(value))
    throw error
  }
}

function checked (bytes, value) {
  if (mayBeTooLarge(bytes.length)) checkSize(Math.max(bytes.length, bsonSize(value)))
  return bytes
}

/** A copy in which the BSON values of other majors are of the app's. */
function adopted (value) {
  return adopt(value, load())
}

/** A copy in which the BSON values of other majors are of this one, which bson 5+ insists on. */
function adopt (value, bson) {
  if (value === null || typeof value !== 'object') return value
  if (typeof value.toBSON === 'function') return adopt(value.toBSON(), bson)
  if (value._bsontype !== undefined) return REBUILD[value._bsontype]?.(value, bson) ?? value
  if (Array.isArray(value)) return value.map(item => adopt(item, bson))
  if (isMap(value)) return new Map(Array.from(value, ([key, item]) => [key, adopt(item, bson)]))
  if (isDate(value) || isRegExp(value) || ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, adopt(item, bson)]))
}

/**
 * By `_bsontype`, in the spelling of each major: the value made anew from what all majors' classes have in
 * common.
 */
const REBUILD = {
  Binary: (value, bson) =>
    new bson.Binary(Buffer.from(value.buffer.subarray(0, value.position)), value.sub_type),
  BSONRegExp: (value, bson) => new bson.BSONRegExp(value.pattern, value.options),
  BSONSymbol: (value, bson) => new bson.BSONSymbol(value.valueOf()),
  Code: (value, bson) => new bson.Code(value.code, adopt(value.scope, bson)),
  DBRef: ({ collection, namespace, oid, db, fields }, bson) =>
    new bson.DBRef(collection ?? namespace, adopt(oid, bson), db, adopt(fields, bson)),
  Decimal128: (value, bson) => bson.Decimal128.fromString(value.toString()),
  Double: (value, bson) => new bson.Double(value.valueOf()),
  Int32: (value, bson) => new bson.Int32(value.valueOf()),
  Long: (value, bson) => bson.Long.fromString(value.toString(), value.unsigned),
  MaxKey: (value, bson) => new bson.MaxKey(),
  MinKey: (value, bson) => new bson.MinKey(),
  ObjectId: (value, bson) => new bson.ObjectId(value.toHexString()),
  ObjectID: (value, bson) => new bson.ObjectId(value.toHexString()),
  Symbol: (value, bson) => new bson.BSONSymbol(value.valueOf()),
  Timestamp: (value, bson) => new bson.Timestamp(bson.Long.fromString(value.toString(), true))
}

/** The value in the BSON of `{ session: value }`. */
function decode (bytes) {
  return load().deserialize(bytes, READING).session
}

/** One BSON value, given its type byte and its bytes. */
function decodeElement (type, bytes) {
  const document = Buffer.alloc(4 + 1 + 1 + bytes.length + 1) // length, type, empty name, value, end
  document.writeInt32LE(document.length)
  document[4] = type
  document.set(bytes, 6)
  return load().deserialize(document, READING)['']
}

/** Bytes do not change: what is stored can be kept, and compared, as it is. */
function keep (bytes) {
  return bytes
}

module.exports = { adopted, bare: keep, decode, decodeElement, encode, keep, load }
