'use strict'

const { DATE, DOUBLE, INT32, INT64, NULL, STRING } = require('../../session/bson-types')

// What tells the id and liveness of a row, read from BSON as it came. To `ids()` over a million rows the
// driver's decoding, document by document, is most of the work.
//
// Only types whose values are of no class of the driver's are read here.

/** Bytes before the first element: the document's length. */
const HEADER = 4

/** The fields of a small document; undefined if only the driver can read it. */
function readRaw (bytes) {
  const document = {}
  let at = HEADER
  while (at < bytes.length - 1) {
    const type = bytes[at++]
    let end = at
    while (bytes[end] !== 0) end++ // names are short: `indexOf` takes twice as long
    const name = bytes.toString('latin1', at, end)
    at = end + 1
    switch (type) {
      case STRING: {
        const size = bytes.readInt32LE(at)
        at += 4
        document[name] = bytes.toString('utf8', at, at + size - 1)
        at += size
        break
      }
      case DATE:
        document[name] = new Date(readInt64(bytes, at))
        at += 8
        break
      case NULL:
        document[name] = null
        break
      case INT32:
        document[name] = bytes.readInt32LE(at)
        at += 4
        break
      case DOUBLE:
        document[name] = bytes.readDoubleLE(at)
        at += 8
        break
      case INT64: {
        const value = readInt64(bytes, at)
        if (!Number.isSafeInteger(value)) return undefined
        document[name] = value
        at += 8
        break
      }
      default: return undefined
    }
  }
  return document
}

/** Exact where a number is; as a bigint it would take longer. */
function readInt64 (bytes, at) {
  return bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
}

/** The documents of a page; undefined if the driver has to read it. */
function readRawPage (page) {
  const documents = []
  for (const bytes of page) {
    // A collection that is no real one does not know `raw`.
    const document = bytes instanceof Uint8Array ? readRaw(bytes) : bytes
    if (document === undefined) return undefined
    documents.push(document)
  }
  return documents
}

/** Whether rows after this id may be read here. Types come in order: whatever follows an ObjectId is none. */
function mayBeRaw (after) {
  return after === null || typeof after.value === 'number' || typeof after.value === 'string'
}

module.exports = { mayBeRaw, readRawPage }
