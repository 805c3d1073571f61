'use strict'

const { driverWriteConcern, idForDriver, projected, READING, writing } = require('./commands')

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

/**
 * The `_id`s of rows that have expired, from the primary: elsewhere there may be rows that are gone.
 * `now`: the server's time.
 */
async function expired (connection, layout, limit) {
  const now = new Date(await serverMillis(connection))
  const options = { ...READING, readPreference: 'primary', limit, batchSize: limit + 1 }
  const rows = await projected(connection.collection.find(layout.expired(now), options), { _id: 1 }).toArray()
  return { rows: rows.map(({ _id }) => _id), now }
}

/**
 * Removes the row with this `_id` if it had expired `now`, and returns it. Of all who claim it at once, one
 * gets it. Who must know what was removed has it acknowledged.
 */
async function claim ({ collection }, layout, { row, now, writeConcern }) {
  const isUnacknowledged = (writeConcern ?? collection.writeConcern)?.w === 0
  const concern = driverWriteConcern(isUnacknowledged ? { w: 1 } : writeConcern)
  // Majors differ in what they return unless they are asked for all of it.
  const options = { ...READING, ...concern, includeResultMetadata: true }
  const filter = { _id: row, ...layout.expired(now) }
  const { value } = await collection.findOneAndDelete(filter, options).catch(unmetConcern) ?? {}
  return value ? layout.readRow(value) : null
}

/** The reply of a command that was carried out, and whose write concern was not met. */
function unmetConcern (error) {
  if (error.result?.value && error.result.ok === 1) return error.result
  throw error
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

module.exports = { claim, clear, count, discard, expired, isOlderThan, ping, removeExpired }
