'use strict'

// Collections of session-mongoose to be moved.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { connect } = require('node:net')
const { after } = require('node:test')
const { BSON: { deserialize, serialize }, MongoClient } = require('mongodb')

const { DATABASE, testUrl } = require('./stores')

const url = testUrl()
const client = new MongoClient(url)
const db = client.db(DATABASE)
after(() => client.close())

const LATER = new Date('2100-01-01')

/** A collection of session-mongoose, with its indexes. */
async function fresh (name, rows) {
  const collection = db.collection(`migrate_${name}`)
  await collection.drop().catch(() => {})
  await collection.createIndexes([
    { key: { sid: 1 }, unique: true, background: true },
    { key: { expires: 1 }, background: true },
    { key: { sid: 1, expires: 1 }, background: true }
  ])
  if (rows.length > 0) await collection.insertMany(rows)
  return collection
}

function cookieAsStored (expires) {
  return {
    path: '/', _expires: expires, originalMaxAge: 60_000, httpOnly: true, expires, maxAge: 59_000,
    data: { originalMaxAge: 60_000, expires, secure: null, httpOnly: true, domain: null, path: '/' }
  }
}

/** Row number `n`, in the format of one version or another. */
function mixed (n) {
  const user = `user ${n}`
  switch (n % 4) {
    case 0: return { sid: `s${n}`, data: { cookie: cookieAsStored(LATER), user }, expires: LATER }
    case 1: return { sid: `s${n}`, data: JSON.stringify({ cookie: { expires: LATER }, user }), expires: LATER }
    case 2: return { sid: `s${n}`, data: { cookie: {}, user }, expires: null }
    default: return { sid: `s${n}`, data: { user }, __v: 0 }
  }
}

const BROKEN = [
  { sid: 'broken json', data: '{', expires: LATER },
  { sid: 'no data', expires: LATER },
  { sid: 5, data: {}, expires: LATER },
  { sid: 'odd date', data: {}, expires: 'tomorrow' }
]

/** Inserts a document in which a text has become bytes that no driver of today would send. */
async function insertBytes ({ collectionName, dbName }, document, text, bytes) {
  const body = Buffer.from(serialize({ insert: collectionName, documents: [document], $db: dbName }))
  body.set(bytes, body.indexOf(text))
  const header = Buffer.alloc(21) // an OP_MSG: length, id, …, opcode, flags, kind of section
  header.writeInt32LE(header.length + body.length)
  header.writeInt32LE(2013, 12)
  const { hostname, port } = new URL(url)
  const socket = connect(port, hostname)
  socket.write(Buffer.concat([header, body]))
  const [reply] = await once(socket, 'data')
  socket.destroy()
  assert.equal(deserialize(reply.subarray(header.length)).n, 1)
}

/** A Db in whose collections something happens after the first call of a method. */
function interrupted (db, method, event) {
  return {
    databaseName: db.databaseName,
    collection: name => new Proxy(db.collection(name), {
      get (collection, property) {
        const value = collection[property]
        if (typeof value !== 'function') return value
        if (property !== method) return value.bind(collection)
        return async (...args) => {
          const result = await value.apply(collection, args)
          await event()
          return result
        }
      }
    })
  }
}

const FROM = ['migrate', '--from', 'session-mongoose']

module.exports = {
  BROKEN, client, cookieAsStored, db, fresh, FROM, insertBytes, interrupted, LATER, mixed, url
}
