'use strict'

const { WRITING } = require('./calls')
const { convert } = require('./convert')
const { insert, isDuplicate, rowsOf } = require('./move')
const { RedisSource } = require('./redis-source')
const { surveyTarget } = require('./survey')
const { Tally } = require('./tally')
const { createTtlIndex } = require('./ttl-index')

// Sessions of connect-redis copied into rows of connect-mongo. Redis keeps its own until they expire, so this
// may be interrupted and started again, and the app may go back.

const KEPT = 'Redis keeps its sessions, until they expire there.'

const DIFFERS = 'the collection has it with other contents: it was saved since it was copied, or is another session'

async function copyFromRedis (db, { redis, redisUrl, prefix, to, ttl, documents, dryRun, onProgress }) {
  const target = db.collection(to)
  await surveyTarget(target)
  const source = await RedisSource.open({ client: redis, url: redisUrl, prefix })
  const tally = new Tally()
  const notes = [KEPT]
  try {
    const keys = await source.keys()
    let done = 0
    onProgress({ done, total: keys.length })
    for await (const { size, sessions } of source.read(keys)) {
      const batch = sessions.flatMap(session => converted(session, { ttl, documents, tally }))
      await (dryRun ? rehearse : copy)(target, batch, tally)
      done += size
      onProgress({ done, total: keys.length })
    }
    const trouble = dryRun ? undefined : await createTtlIndex(target)
    if (trouble !== undefined) notes.push(trouble)
    return {
      database: db.databaseName, from: `${prefix}*`, to, dryRun, total: tally.done, ...tally.report(), notes,
      ttlIndex: !dryRun && trouble === undefined
    }
  } finally {
    await source.close()
  }
}

function converted (session, { ttl, documents, tally }) {
  const made = convert(session, { ttl, documents })
  if (made.reason === undefined) return [{ ...made, source: session }]
  tally.leave(session, made.reason)
  return []
}

async function copy (target, batch, tally) {
  const failures = await insert(target, batch.map(({ row }) => row))
  const present = await rowsOf(target, batch.filter((_, index) => isDuplicate(failures.get(index))))
  const again = []
  for (const [index, item] of batch.entries()) {
    const failure = failures.get(index)
    if (failure === undefined) tally.moved++
    else if (take(item, present.get(item.row._id), failure.reason, tally)) again.push(item)
  }
  await prolong(target, again)
}

/** Sessions that were copied before may have been used in Redis since: they expire no sooner than there. */
async function prolong (target, batch) {
  const operations = batch.filter(({ row }) => row.expires !== undefined).map(({ row }) => ({
    updateOne: { filter: { _id: row._id, session: { $eq: row.session } }, update: { $max: { expires: row.expires } } }
  }))
  if (operations.length > 0) await target.bulkWrite(operations, { ...WRITING, ordered: false })
}

/** What `copy` would do. */
async function rehearse (target, batch, tally) {
  const present = await rowsOf(target, batch)
  for (const item of batch) {
    const there = present.get(item.row._id)
    if (there === undefined) tally.moved++
    else take(item, there, DIFFERS, tally)
  }
}

/** Whether it is a session that an earlier run has copied, whatever its expiration is by now. */
function take ({ row, source }, there, reason, tally) {
  if (there !== undefined && JSON.stringify(there.session) === JSON.stringify(row.session)) {
    tally.alreadyMoved++
    return true
  }
  tally.leave(source, there === undefined ? reason : DIFFERS)
  return false
}

module.exports = { copyFromRedis }
