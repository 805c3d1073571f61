'use strict'

const { READING, WRITING } = require('./calls')
const { isMadeBefore } = require('./convert')

// Rows on their way, `[{ source, row, byTtl }]`: `source` as its format reads it, `row` as it will be.
// A row is written to where it belongs, durably, before it is removed from where it was: whatever happens, it
// is in one place or in both.

const DUPLICATE_KEY = 11000

/** The same words in a dry run. */
const TAKEN = 'the collection has another session with this id'

/**
 * Reports to `tally` what has become of each row: `moved`, `alreadyMoved`, or `left` and why. `make(fields)`
 * converts what `format` has read of a row, like `convert`.
 */
async function move (from, to, batch, { tally, make, format }) {
  const failures = await insert(to, batch.map(({ row }) => row))
  const present = await rowsOf(to, batch.filter((_, index) => isDuplicate(failures.get(index))))
  const inserted = []
  const found = []
  for (const [index, item] of batch.entries()) {
    const failure = failures.get(index)
    const there = present.get(item.row._id)
    if (failure === undefined) inserted.push(item)
    else if (there !== undefined && isMadeBefore(there, item)) found.push(item)
    else tally.leave(item.source, there === undefined ? failure.reason : TAKEN)
  }
  const saved = await remove(from, [...inserted, ...found], make, format)
  for (const item of inserted) {
    if (!saved.has(item)) tally.moved++
    else await to.deleteOne({ _id: item.row._id, session: { $eq: item.row.session } }, WRITING)
  }
  for (const item of found) if (!saved.has(item)) tally.alreadyMoved++
  for (const { source } of saved) tally.leave(source, `it was saved meanwhile: is ${format.name} still in use?`)
}

/** Of what `insert` returns. */
function isDuplicate (failure) {
  return failure?.code === DUPLICATE_KEY
}

/** What `move` would do. */
async function rehearse (to, batch, { tally }) {
  const present = await rowsOf(to, batch)
  for (const item of batch) {
    const there = present.get(item.row._id)
    if (there === undefined) tally.moved++
    else if (isMadeBefore(there, item)) tally.alreadyMoved++
    else tally.leave(item.source, TAKEN)
  }
}

/** The rows of `to` that have the ids of these, by id. */
async function rowsOf (to, batch) {
  const rows = new Map()
  if (batch.length === 0) return rows
  const ids = batch.map(({ row }) => row._id)
  for await (const row of to.find({ _id: { $in: ids } }, READING)) rows.set(row._id, row)
  return rows
}

/** What failed, by index: `{ code, reason }`. Throws what ends the run: until then nothing is removed. */
async function insert (to, rows) {
  try {
    await to.insertMany(rows, { ...WRITING, ordered: false })
    return new Map()
  } catch (error) {
    const failures = [error.writeErrors ?? []].flat()
    if (error.result?.getWriteConcernError?.()) throw error
    if (failures.length > 0) return new Map(failures.map(failure => [failure.index, reasonOf(failure)]))
    if (!isOfARow(error)) throw error
    return rows.length === 1 ? new Map([[0, reasonOf(error)]]) : insertOneByOne(to, rows, error)
  }
}

/** Writes rows one by one after an error that may be about one of them. Throws it if that helps none. */
async function insertOneByOne (to, rows, error) {
  const failures = new Map()
  for (const [index, row] of rows.entries()) {
    const [failure] = (await insert(to, [row])).values()
    if (failure !== undefined) failures.set(index, failure)
  }
  if (failures.size === rows.length && AMBIGUOUS.test(error.name)) throw error
  return failures
}

/** Not by the messages, which may quote the session. */
function reasonOf ({ code, name = 'MongoServerError' }) {
  return { code, reason: `MongoDB does not take it (${code === undefined ? name : `error ${code}`})` }
}

/** Overflow (of the depth), InvalidBSON, BSONObjectTooLarge. */
const OF_A_ROW = [15, 22, 10334]

/** What bson and the driver throw for a document. Driver 3 has only the last two, and for more than that. */
const OF_THE_DRIVER = /^(BSON\w*|RangeError|TypeError|MongoInvalidArgumentError|MongoError|Error)$/
const AMBIGUOUS = /^(Mongo)?Error$/

/** Whether an error about a whole command may be of one of its rows. */
function isOfARow ({ code, name, errorLabels }) {
  if (errorLabels?.length > 0) return false
  return typeof code === 'number' ? OF_A_ROW.includes(code) : OF_THE_DRIVER.test(name)
}

/** Returns those that stayed, since they have been saved after they were read. */
async function remove (from, items, make, format) {
  const saved = new Set()
  if (items.length === 0) return saved
  const operations = items.map(({ source }) => ({ deleteOne: { filter: unchanged(source, format) } }))
  const { deletedCount } = await from.bulkWrite(operations, { ...WRITING, ordered: false })
  if (deletedCount === items.length) return saved
  for (const item of items) {
    const { _id } = item.source
    const current = await from.findOne({ _id: { $eq: _id } }, READING)
    if (current === null) continue
    // It may be the same after all: not all data is equal to what JavaScript makes of it.
    const fields = format.read(current)
    const { row } = make(fields)
    if (row === undefined || !isMadeBefore(row, item)) saved.add(item)
    else await from.deleteOne(unchanged({ ...fields, data: undefined }, format), WRITING)
  }
  return saved
}

/** A filter for a row as it was read. A save moves one of the dates, unless the row has none. */
function unchanged ({ _id, data, expires, usedAt }, format) {
  const fields = { _id: { $eq: _id }, expires: { $eq: expires ?? null }, usedAt: { $eq: usedAt ?? null } }
  return format.filter(data === undefined ? fields : { ...fields, data: { $eq: data } })
}

module.exports = { insert, isDuplicate, move, rehearse, rowsOf }
