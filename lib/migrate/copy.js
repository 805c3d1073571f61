'use strict'

const { convert } = require('./convert')
const { insert, isDuplicate, rowsOf, TAKEN } = require('./move')
const { RedisSource } = require('./redis-source')
const { surveyTarget } = require('./survey')
const { Tally } = require('./tally')
const { createTtlIndex } = require('./ttl-index')

// Sessions of connect-redis copied into rows of connect-mongo. Redis keeps its own until they expire, so this
// may be interrupted and started again, and the app may go back.

const KEPT = 'Redis keeps its sessions, until they expire there.'

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
  for (const [index, item] of batch.entries()) {
    const failure = failures.get(index)
    if (failure === undefined) tally.moved++
    else take(item, present.get(item.row._id), failure.reason, tally)
  }
}

/** What `copy` would do. */
async function rehearse (target, batch, tally) {
  const present = await rowsOf(target, batch)
  for (const item of batch) {
    const there = present.get(item.row._id)
    if (there === undefined) tally.moved++
    else take(item, there, TAKEN, tally)
  }
}

/** A session that an earlier run has copied, wherever its expiration has moved since; or another one. */
function take ({ row, source }, there, reason, tally) {
  if (there === undefined) tally.leave(source, reason)
  else if (JSON.stringify(there.session) === JSON.stringify(row.session)) tally.alreadyMoved++
  else tally.leave(source, TAKEN)
}

module.exports = { copyFromRedis }
