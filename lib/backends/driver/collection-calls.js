'use strict'

const { driverWriteConcern, idForDriver, writing } = require('./commands')

// Calls that concern the whole collection, but for those that read it page by page: see pages.js.

/** Counts rows, expired ones included. */
async function count ({ collection }) {
  // Driver 2 has `count` only.
  return typeof collection.countDocuments === 'function' ? collection.countDocuments({}) : collection.count({})
}

async function clear ({ collection }, { writeConcern }) {
  await collection.deleteMany({}, driverWriteConcern(writeConcern))
}

/** Removes a row that holds this value still. Returns whether there was one. */
async function discard ({ collection }, { idField, valueField }, { writeConcern }, { id, value }) {
  const filter = { [idField]: idForDriver(id), [valueField]: { $eq: value } }
  const { deletedCount, result } = await collection.deleteOne(filter, writing(writeConcern)) ?? {}
  return (deletedCount ?? result?.n ?? 0) > 0
}

async function ping ({ collection, db }) {
  if (typeof db?.command === 'function') await db.command({ ping: 1 })
  else await collection.findOne({ _id: '' }) // not a real database
}

/** Removes what has expired, and returns how many rows that was. */
async function removeExpired (connection, layout, { writeConcern }) {
  const expired = layout.expired(new Date(await serverMillis(connection)))
  const concern = driverWriteConcern(writeConcern)
  const { deletedCount, result } = await connection.collection.deleteMany(expired, concern) ?? {}
  return deletedCount ?? result?.n ?? 0
}

/** By the server's clock: a client an hour ahead must not delete everyone's sessions. */
async function serverMillis (connection) {
  const { localTime } = await greeting(connection)
  return localTime?.getTime() ?? Date.now()
}

/** Whether the server says that it is older than MongoDB's releases with a wire version. */
async function isOlderThan (wireVersion, connection) {
  return (await greeting(connection)).maxWireVersion < wireVersion
}

/** What the server says of itself. */
async function greeting ({ db }) {
  for (const hello of ['hello', 'isMaster']) {
    try {
      const reply = await db.command({ [hello]: 1 })
      if (reply.maxWireVersion !== undefined) return reply
    } catch {
      // Servers before 4.4 do not know the first, and not every `db` is one of a real server.
    }
  }
  return {}
}

module.exports = { clear, count, discard, isOlderThan, ping, removeExpired }
