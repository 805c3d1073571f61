'use strict'

const bson = require('../../session/bson')
const { driverWriteConcern, projected, READING, READING_LATEST } = require('./commands')
const { readId } = require('./ids')
const { liveRow, NO_DATES } = require('./rows')

// Calls on the rows that a filter on the fields beside the sessions finds. `fields`: scalars by name.

/** Counts the rows that are live at `now`. */
function countWhere ({ collection }, layout, fields, now) {
  return adopting(fields, fields => {
    const filter = { ...filterOf(fields), ...layout.live(now) }
    // Driver 2 has `count` only.
    return typeof collection.countDocuments === 'function' ? collection.countDocuments(filter) : collection.count(filter)
  })
}

/** `{ rows: [{ id, … }], next: null }`, those that are live at `now`. */
async function findWhere ({ collection }, layout, fields, { now, idsOnly }) {
  const documents = await adopting(fields, fields => {
    const cursor = collection.find(filterOf(fields), READING)
    return (idsOnly ? projected(cursor, layout.projection) : cursor).toArray()
  })
  const rows = []
  for (const document of documents) {
    const stored = layout.readRow(document)
    const row = liveRow(stored, NO_DATES, now)
    if (row !== null) rows.push(idsOnly ? stored.id : { id: stored.id, ...row })
  }
  return { rows, next: null }
}

/** `{ ids, filter }` of all rows on the primary, expired ones too, but for that of `except`. */
function findToDestroy ({ collection }, fields, except) {
  return adopting(fields, async fields => {
    const filter = filterOf(fields)
    const others = except === null ? filter : { ...filter, _id: { $ne: except.value } }
    const rows = await projected(collection.find(others, READING_LATEST), { _id: 1 }).toArray()
    return { ids: rows.map(({ _id }) => readId(_id)), filter }
  })
}

/** Stores fields in the row that holds this value still; whether it does. */
function writeFields ({ collection }, layout, { id, value, fields, writeConcern }) {
  return adopting(fields, async fields => {
    const filter = { _id: id.value, ...layout.condition({ expected: value, now: null }) }
    const options = driverWriteConcern(writeConcern)
    const reply = await collection.updateOne(filter, layout.fieldsUpdate(fields), options) ?? {}
    return (reply.matchedCount ?? reply.result?.n ?? 1) > 0
  })
}

/** By `$eq`, so that nothing can pass for an operator. */
function filterOf (fields) {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { $eq: value }]))
}

/** Drivers from 5 on insist on values of their own bson, where the app may have another beside it. */
async function adopting (fields, run) {
  try {
    return await run(fields)
  } catch (error) {
    if (error?.name !== 'BSONVersionError') throw error
    return run(bson.adopted(fields))
  }
}

module.exports = { countWhere, findToDestroy, findWhere, writeFields }
