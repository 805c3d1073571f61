'use strict'

const { sleep } = require('../../support/realm')
const { discreet, isRetryable } = require('./errors')
const { servesAs } = require('./layouts/existing-indexes')

// The indexes of a layout, and sweeps at an interval.

/** Between attempts to create an index while the server cannot be reached. */
const INDEX_RETRY_MS = 1000

/**
 * Between two looks at the indexes of a store that makes rows: as often as drivers look at their servers.
 * src/store/maintenance.rs has the same number.
 */
const INDEX_CHECK_MS = 10_000

/** An interval is shortened by up to this share, so that many processes do not sweep together. */
const JITTER = 0.1

/** The longest time that a timer has. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** IndexOptionsConflict, IndexKeySpecsConflict: an index of this name or on this key, with other options. */
const CONFLICTS = [85, 86]

/** IndexBuildAborted: somebody dropped the collection meanwhile. It wants its indexes all the same. */
const ABORTED = 276

/**
 * Calls `sweep` until it is stopped, and keeps no process alive for it. Returns the timer, by the app's own
 * `setInterval` (whoever fakes it in a test may wind it on), and what stops it: the app may fake one of the
 * two functions and not the other.
 */
function sweepAtIntervals (intervalMS, sweep) {
  const { clearInterval, setInterval } = globalThis
  const jittered = Math.min(MAX_TIMER_MS, intervalMS * (1 - JITTER * Math.random()))
  const timer = setInterval(sweep, jittered)
  timer.unref?.() // browsers' timers, which some test tools have, are numbers
  return { timer, stop: () => clearInterval(timer) }
}

/** Why no session can be stored in a collection of this type. src/mongo/indexes.rs has the same texts. */
const UNUSABLE = {
  view: 'it is a view, in which nothing can be stored. Remedy: name another collection',
  timeseries: 'it is a time-series collection, in which no session can be stored. Remedy: name another collection'
}

/**
 * Sees to it that a layout's indexes are there, and stay. Trouble is not fatal: `warn` gets a code and one
 * message with the remedy, and `fail` an error whenever the server could not be asked. `isOver` tells when to
 * give up.
 *
 * A collection that somebody drops is made again by the next row, and without its indexes. Nothing in the
 * server's reply says so: whoever has made a row looks. `rowsMade()` resolves when that may be.
 */
async function keepIndexes (connection, { layout, autoRemove, name, warn, fail, isOver, rowsMade }) {
  const wanted = layout.indexes(autoRemove)
  if (wanted.length === 0) return
  while (!isOver()) {
    try {
      const trouble = await troubleWith(connection, layout, wanted, name)
      if (isOver()) return
      if (trouble !== undefined) return await tell(trouble, { connection, name, warn })
      fail = () => {} // from now on an outage is the operations' to tell of
      await sleep(INDEX_CHECK_MS)
      await rowsMade()
    } catch (error) {
      if (isOver()) return
      fail(error)
      await sleep(INDEX_RETRY_MS)
    }
  }
}

async function tell (trouble, { connection, name, warn }) {
  const unusable = UNUSABLE[await typeOf(connection, name)]
  if (unusable === undefined) warn('CONNECT_MONGO_INDEX', `${name}: ${trouble}`)
  else warn('CONNECT_MONGO_COLLECTION', `${name}: ${unusable}`)
}

/** What is wrong, and what to do; undefined if nothing is. Throws when the server could not be asked. */
async function troubleWith (connection, layout, wanted, name) {
  const existing = await listIndexes(connection)
  const foreign = layout.foreign(existing)
  if (foreign !== undefined) return foreign
  const troubles = []
  for (const index of wanted.filter(index => !isThere(index, existing))) {
    const error = await failureOf(connection, index)
    if (error === undefined) continue
    // Whoever may not create an index may still be able to see that it is there.
    const present = await listIndexes(connection)
    if (isThere(index, present)) continue
    const conflicts = CONFLICTS.includes(error.code)
    troubles.push(conflicts ? layout.conflict(index, present, name) : layout.noIndex(index, error.message))
  }
  return troubles.length > 0 ? troubles.join('; ') : undefined
}

function isThere (index, existing) {
  return existing.some(one => servesAs(one, index))
}

/** Why an index cannot be created. Throws what another attempt may mend. */
async function failureOf (connection, { keys, unique, expireAfterSeconds, background }) {
  const options = {
    ...background && !isStrict(connection) && { background },
    ...unique && { unique },
    ...expireAfterSeconds !== undefined && { expireAfterSeconds }
  }
  try {
    await connection.collection.createIndex(keys, options)
  } catch (error) {
    if (isRetryable(error) || error.code === ABORTED) throw error
    return discreet(error, [])
  }
}

/** The stable API does not know `background`, which matters to servers before 4.2. */
function isStrict ({ client }) {
  return Boolean((client?.options?.serverApi ?? client?.s?.options?.serverApi)?.strict)
}

/** The type of a collection, if that can be told. */
async function typeOf ({ db }, name) {
  try {
    // With these two, a user needs no privilege beyond those that the store needs.
    const [found] = await db.listCollections({ name }, { nameOnly: true, authorizedCollections: true }).toArray()
    return found?.type
  } catch {
    return undefined
  }
}

/** Whether MongoDB removes rows of the collection by itself, as far as that can be told. */
async function hasTtlIndex (connection) {
  return (await listIndexes(connection)).some(({ expireAfterSeconds }) => expireAfterSeconds !== undefined)
}

async function listIndexes ({ collection }) {
  try {
    return await collection.indexes()
  } catch {
    return []
  }
}

module.exports = { hasTtlIndex, keepIndexes, sweepAtIntervals }
