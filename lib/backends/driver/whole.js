'use strict'

const { driverWriteConcern, projected, READING } = require('./commands')
const { readId } = require('./ids')
const { liveRow, NO_DATES } = require('./rows')

// Calls that concern the whole collection.

/**
 * One page of live rows in the order of their `_id`s: `{ rows: [{ id, … }], next }`.
 *
 * Pages by `min` on the `_id` index: `$gt` compares within one BSON type and would skip rows of a collection
 * with ids of several types.
 */
async function page ({ collection }, layout, { after, limit, now, idsOnly }) {
  // `min` includes the row that ended the page before, hence one more.
  const count = limit + (after === null ? 0 : 1)
  const options = { ...READING, sort: { _id: 1 }, hint: { _id: 1 }, limit: count, batchSize: count + 1 }
  if (after !== null) options.min = { _id: after.value }
  const cursor = collection.find({}, options)
  // Driver 2 overlooks the option.
  if (after !== null) cursor.addQueryModifier?.('$min', options.min)
  const documents = await (idsOnly ? projected(cursor, layout.projection) : cursor).toArray()
  const rows = []
  for (const document of documents) {
    if (readId(document._id).key === after?.key) continue
    const stored = layout.readRow(document)
    const row = stored && liveRow(stored, NO_DATES, now)
    if (row !== null) rows.push({ id: stored.id, ...row })
  }
  // More than asked for: a collection that is no real one, and has answered with all that it has.
  const next = documents.length === count ? readId(documents.at(-1)._id) : null
  return { rows, next }
}

/** Counts rows, expired ones included. */
async function count ({ collection }) {
  // Driver 2 has `count` only.
  return typeof collection.countDocuments === 'function' ? collection.countDocuments({}) : collection.count({})
}

async function clear ({ collection }, { writeConcern }) {
  await collection.deleteMany({}, driverWriteConcern(writeConcern))
}

async function ping ({ collection, db }) {
  if (typeof db?.command === 'function') await db.command({ ping: 1 })
  else await collection.findOne({ _id: '' }) // not a real database
}

/** Removes what has expired, and answers how many rows that was. */
async function removeExpired (link, layout, { writeConcern }) {
  const expired = layout.expired(new Date(await serverMillis(link)))
  const { deletedCount, result } = await link.collection.deleteMany(expired, driverWriteConcern(writeConcern)) ?? {}
  return deletedCount ?? result?.n ?? 0
}

/** By the server's clock: a client an hour ahead must not delete everyone's sessions. */
async function serverMillis ({ db }) {
  for (const hello of ['hello', 'isMaster']) {
    try {
      const { localTime } = await db.command({ [hello]: 1 })
      if (localTime) return localTime.getTime()
    } catch {
      // Servers before 4.4 do not know the first, and not every `db` is one of a real server.
    }
  }
  return Date.now()
}

module.exports = { clear, count, page, ping, removeExpired }
