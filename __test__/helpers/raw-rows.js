'use strict'

// Documents that no driver would write, byte by byte. mongod takes them as long as their lengths are right.

const { once } = require('node:events')
const net = require('node:net')
const bson = require('bson')

const OP_MSG = 2013
const DOCUMENT_SEQUENCE = 1

/** BSON's types of elements (bsonspec.org). */
const ELEMENTS = {
  DOUBLE: 0x01,
  STRING: 0x02,
  DOCUMENT: 0x03,
  ARRAY: 0x04,
  BINARY: 0x05,
  UNDEFINED: 0x06,
  OBJECT_ID: 0x07,
  BOOLEAN: 0x08,
  DATE: 0x09,
  NULL: 0x0a,
  REGEX: 0x0b,
  DB_POINTER: 0x0c,
  CODE: 0x0d,
  SYMBOL: 0x0e,
  CODE_WITH_SCOPE: 0x0f,
  INT32: 0x10,
  TIMESTAMP: 0x11,
  INT64: 0x12,
  DECIMAL: 0x13,
  MAX_KEY: 0x7f,
  MIN_KEY: 0xff
}

/** A document: each element is `[type, name, bytes of the value]`. */
function documentOf (...elements) {
  const parts = elements.flatMap(([type, name, value]) => [Buffer.of(type), cstring(name), value])
  const body = Buffer.concat([...parts, Buffer.of(0)])
  return Buffer.concat([int32(body.length + 4), body])
}

function cstring (text) {
  return Buffer.concat([Buffer.from(text), Buffer.of(0)])
}

/** A string as BSON has it, of any bytes. */
function string (bytes) {
  const content = Buffer.from(bytes)
  return Buffer.concat([int32(content.length + 1), content, Buffer.of(0)])
}

function int32 (value) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function int64 (value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** Inserts documents, given as bytes, into a collection of the server at `url`. */
async function insertRaw (url, database, collection, documents) {
  const { hostname, port } = new URL(url)
  const socket = net.connect(port || 27017, hostname)
  try {
    await once(socket, 'connect')
    for (const document of documents) {
      socket.write(insertion(database, collection, document))
      const reply = await message(socket)
      // A header of 16 bytes, 4 of flags, 1 of the section's kind.
      const { ok, errmsg, writeErrors } = bson.deserialize(reply.subarray(21))
      const reason = errmsg ?? writeErrors?.[0].errmsg
      if (ok !== 1 || reason) throw new Error(`The server refused a document: ${reason}`)
    }
  } finally {
    socket.destroy()
  }
}

function insertion (database, collection, document) {
  const command = bson.serialize({ insert: collection, $db: database })
  const name = cstring('documents')
  const sequence = Buffer.concat([int32(4 + name.length + document.length), name, document])
  const body = [int32(0), Buffer.of(0), command, Buffer.of(DOCUMENT_SEQUENCE), sequence]
  const length = 16 + body.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([int32(length), int32(1), int32(0), int32(OP_MSG), ...body])
}

async function message (socket) {
  let received = Buffer.alloc(0)
  while (received.length < 4 || received.length < received.readInt32LE(0)) {
    const [data] = await once(socket, 'data')
    received = Buffer.concat([received, data])
  }
  return received
}

module.exports = { documentOf, ELEMENTS, insertRaw, int32, int64, string }
