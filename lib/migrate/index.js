'use strict'

const bson = require('../session/bson')
const { findPeer, missingPeer } = require('../support/peers')
const { READING } = require('./calls')
const { missingCollection } = require('./collections')
const { convert } = require('./convert')
const { copyFromRedis } = require('./copy')
const { dropIndex, isUsedAt } = require('./indexes')
const { move, rehearse } = require('./move')
const { normalize } = require('./options')
const { countSource, survey } = require('./survey')
const { Tally } = require('./tally')
const { createTtlIndex } = require('./ttl-index')

// Rows of other packages made rows of connect-mongo. Whenever this ends, by success, error or SIGKILL,
// every session is in one place or in both, and the next run takes up what is left.

/** What is read, converted and written at a time. The larger the rows, the fewer. */
const BATCH_ROWS = 1000
const BATCH_BYTES = 16 * 1024 * 1024

/** Of data in a filter, which must fit a command. */
const MAX_COMPARED_BYTES = 4 * 1024 * 1024

/**
 * Moves the sessions of the package `from` in `collection` (or where Mongoose keeps `modelName`) into
 * connect-mongo's layout in collection `to`, by default the same one. Resolves to a summary. Rows that cannot
 * be converted stay where they are, and are `left`.
 *
 * - `from`: 'session-mongoose' (default), 'connect-mongodb-session' with its `idField` and `expiresKey`, or
 *   'connect-redis' with `redisUrl` or `redis`, a client, and its `prefix`. Those are copied.
 * - `url`, or `db`: a connected Db of the app's own driver.
 * - `ttl`: seconds that sessions without an expiration get. By default they have none afterwards either.
 * - `documents`: store sessions as documents (connect-mongo's `stringify: false`) in place of JSON strings.
 * - `dryRun`: say what would happen, and change nothing.
 * - `onProgress({ done, total })`: after each batch.
 */
async function migrate (given) {
  const options = normalize(given)
  if (options.documents) bson.load() // by which sessions are measured
  const run = options.format === null ? copyFromRedis : migrateIn
  if (options.db) return run(options.db, options)
  const driver = findPeer(['mongodb'], ['mongoose', 'mongodb'])
  if (driver === undefined) throw missingPeer('mongodb', 'migrate')
  const client = await driver.MongoClient.connect(options.url)
  try {
    return await run(client.db(), options)
  } finally {
    await client.close()
  }
}

async function migrateIn (db, { format, collection, to, ttl, documents, dryRun, onProgress }) {
  const source = db.collection(collection)
  const target = db.collection(to)
  const { inPlace, indexes, isUnique, notes, total, ttlSeconds } = await survey(source, target, format)
  const tally = new Tally()
  const summary = () => ({
    database: db.databaseName, from: collection, to, dryRun, total, ...tally.report(), notes, ttlIndex: !dryRun
  })
  if (indexes.length === 0) throw await missingCollection(db, collection)
  if (inPlace && format.isOurs) return adopt(target, summary(), { ttl, documents })
  onProgress({ done: 0, total })

  if (!dryRun && inPlace) {
    for (const index of indexes.filter(index => format.obsolete(index))) await dropIndex(source, index)
  }
  const make = row => convert(row, { ttl, ttlSeconds, documents })
  for await (const batch of batches(source, { make, isUnique, tally, format })) {
    if (dryRun) await rehearse(target, batch, { tally })
    else await move(source, target, batch, { tally, make, format })
    onProgress({ done: tally.done, total })
  }
  if (dryRun) return summary()
  const more = await countSource(source, format) - tally.left.length
  if (more > 0) throw new Error(`${more} rows of ${format.name} have come meanwhile, or were not reached: start again`)

  if (inPlace && tally.left.length === 0) for (const index of indexes.filter(isUsedAt)) await dropIndex(source, index)
  if (inPlace && tally.left.length > 0) notes.push('What stays goes when its own expires has passed, as before.')
  const trouble = await createTtlIndex(target)
  if (trouble !== undefined) notes.push(trouble)
  return { ...summary(), ttlIndex: trouble === undefined }
}

/** Rows that are connect-mongo's as they are need its index, and nothing else. */
async function adopt (target, summary, converting) {
  const notes = [...summary.notes, 'These rows are as connect-mongo stores documents, and stay as they are.']
  const ignored = Object.keys(converting).filter(name => converting[name])
  if (ignored.length > 0) notes.push(`${ignored.join(' and ')} are of sessions that are converted: name another collection with to.`)
  if (summary.dryRun) return { ...summary, notes }
  const trouble = await createTtlIndex(target)
  return trouble === undefined ? { ...summary, notes } : { ...summary, notes: [...notes, trouble], ttlIndex: false }
}

/** Returns the rows that can be converted, and reports the others to `tally`. */
async function* batches (source, { make, isUnique, tally, format }) {
  const cursor = source.find(format.source, { ...READING, hint: { _id: 1 }, sort: { _id: 1 }, batchSize: BATCH_ROWS })
  const sids = new Set()
  let batch = []
  let read = 0
  let bytes = 0
  for await (const document of cursor) {
    const row = format.read(document)
    const made = make(row)
    if (made.reason !== undefined) tally.leave(row, made.reason)
    // The older one moves: it is the one that has been found.
    else if (sids.has(row.sid)) tally.leave(row, 'another row has the same sid')
    else batch.push({ ...made, source: slim(row, made.bytes) })
    if (!isUnique) sids.add(row.sid)
    bytes += made.bytes ?? 0
    if (++read === BATCH_ROWS || bytes >= BATCH_BYTES) {
      yield batch
      ;[batch, read, bytes] = [[], 0, 0]
    }
  }
  if (read > 0) yield batch
}

/**
 * The row without its data, which has been converted. A small row without a date keeps it: only the data then
 * shows whether the session has been saved since.
 */
function slim ({ _id, sid, data, expires, usedAt }, bytes) {
  const isNeeded = (expires ?? usedAt ?? null) === null && bytes < MAX_COMPARED_BYTES
  return { _id, sid, data: isNeeded ? data : undefined, expires, usedAt }
}

module.exports = { migrate }
