'use strict'

const { isMadeBefore } = require('./convert')

// A batch of rows on its way: `[{ source, row, byTtl }]`, with `source` as session-mongoose has it and `row`
// as connect-mongo will. A row is written to where it belongs, durably, before it is removed from where it
// was: whatever happens, it is in one place or in both.

const DURABLE = { writeConcern: { w: 'majority', j: true } }

/** Said in each call, since the app's Db may have been made with others. */
const READING = { promoteLongs: true, promoteValues: true, promoteBuffers: false, useBigInt64: false, raw: false }

const DUPLICATE_KEY = 11000

/** The same words in a dry run. */
const TAKEN = 'the collection has another session with this id'

/** Tells `tally` of each row what has become of it: `moved`, `alreadyMoved`, or `left` and why. */
async function move (from, to, batch, tally) {
  const failures = await insert(to, batch.map(({ row }) => row))
  const present = await rowsOf(to, batch.filter((_, index) => failures.get(index)?.code === DUPLICATE_KEY))
  const inserted = []
  const found = []
  for (const [index, item] of batch.entries()) {
    const failure = failures.get(index)
    const there = present.get(item.row._id)
    if (failure === undefined) inserted.push(item)
    else if (there !== undefined && isMadeBefore(there, item)) found.push(item)
    else tally.leave(item.source, there === undefined ? failure.reason : TAKEN)
  }
  const changed = await remove(from, [...inserted, ...found])
  for (const item of inserted) {
    if (!changed.has(item)) tally.moved++
    else await to.deleteOne({ _id: item.row._id, session: item.row.session }, DURABLE)
  }
  for (const item of found) if (!changed.has(item)) tally.alreadyMoved++
  for (const { source } of changed) tally.leave(source, 'it was saved meanwhile: is session-mongoose still in use?')
}

/** What `move` would do. */
async function rehearse (to, batch, tally) {
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
    await to.insertMany(rows, { ordered: false, ...DURABLE })
    return new Map()
  } catch (error) {
    const failures = [error.writeErrors ?? []].flat()
    if (endsTheRun(error)) throw error
    if (failures.length > 0) return new Map(failures.map(failure => [failure.index, reasonOf(failure)]))
    if (rows.length === 1) return new Map([[0, reasonOf(error)]])
  }
  // Refused as a whole, for one of them.
  const failures = new Map()
  for (const [index, row] of rows.entries()) {
    const [failure] = (await insert(to, [row])).values()
    if (failure !== undefined) failures.set(index, failure)
  }
  return failures
}

/** Not by the messages, which may quote the session. */
function reasonOf ({ code, name = 'MongoServerError' }) {
  return { code, reason: `MongoDB does not take it (${code === undefined ? name : `error ${code}`})` }
}

/**
 * The network, a server that is not itself, or a write concern that was not met. Errors of bson and of the
 * driver itself, and the server's word on a document, are of rows.
 */
function endsTheRun (error) {
  if (error.result?.getWriteConcernError?.() || error.errorLabels?.length > 0) return true
  if (error.writeErrors !== undefined && [error.writeErrors].flat().length > 0) return false
  if (/^(Mongo(Network|ServerSelection|NotConnected|ClientClosed|TopologyClosed|PoolCleared|Timeout|WriteConcern))/.test(error.name)) return true
  return typeof error.code === 'number' && !OF_A_DOCUMENT.has(error.code)
}

/** BadValue, FailedToParse, TypeMismatch, Overflow, InvalidBSON, BSONObjectTooLarge, DuplicateKey. */
const OF_A_DOCUMENT = new Set([2, 9, 14, 15, 22, 10334, DUPLICATE_KEY])

/** Answers those that stayed, since they have been saved or touched after they were read. */
async function remove (from, items) {
  if (items.length === 0) return new Set()
  const operations = items.map(({ source: { _id, expires, usedAt } }) =>
    ({ deleteOne: { filter: { _id, ...same({ expires, usedAt }) } } }))
  const { deletedCount } = await from.bulkWrite(operations, { ordered: false, ...DURABLE })
  if (deletedCount === items.length) return new Set()
  const ids = items.map(({ source }) => source._id)
  const there = await from.find({ _id: { $in: ids } }, { ...READING, projection: { _id: 1 } }).toArray()
  const kept = new Set(there.map(({ _id }) => String(_id)))
  return new Set(items.filter(({ source }) => kept.has(String(source._id))))
}

function same (dates) {
  return Object.fromEntries(Object.entries(dates)
    .map(([name, value]) => [name, value === undefined ? { $exists: false } : { $eq: value }]))
}

module.exports = { move, READING, rehearse }
