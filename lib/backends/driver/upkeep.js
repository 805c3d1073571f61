'use strict'

const { discreet, isRetryable } = require('./errors')

// The removal of expired rows: the TTL index, or sweeps at an interval.

/** Between attempts to create the index while the server cannot be reached. */
const INDEX_RETRY_MS = 1000

/** An interval is shortened by up to this share, so that many processes do not sweep together. */
const JITTER = 0.1

/** The longest time that a timer has. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** IndexOptionsConflict, IndexKeySpecsConflict: an index of this name or on this key, with other options. */
const CONFLICTS = [85, 86]

/** Calls `sweep` for ever, and keeps no process alive for it. Answers the timer. */
function sweepAtIntervals (intervalMS, sweep) {
  const jittered = Math.min(MAX_TIMER_MS, intervalMS * (1 - JITTER * Math.random()))
  return setInterval(sweep, jittered).unref()
}

/**
 * Sees to it that the TTL index is there. Trouble is not fatal: `warn` gets one message with the remedy, and
 * `fail` an error whenever the server could not be asked. `isOver` tells when to give up.
 */
async function ensureIndex (link, { name, warn, fail, isOver }) {
  while (!isOver()) {
    try {
      await link.collection.createIndex({ expires: 1 }, indexOptions(link))
      return
    } catch (error) {
      if (isOver()) return
      if (!isRetryable(error)) {
        const trouble = await diagnosis(link.collection, name, discreet(error, []))
        if (trouble !== null) warn(`${name}: ${trouble}`)
        return
      }
      fail(error)
    }
    await new Promise(resolve => setTimeout(resolve, INDEX_RETRY_MS).unref())
  }
}

/** `background` matters to servers before 4.2; the stable API does not know it. */
function indexOptions ({ client }) {
  const strict = client?.options?.serverApi ?? client?.s?.options?.serverApi
  return strict ? { expireAfterSeconds: 0 } : { background: true, expireAfterSeconds: 0 }
}

/** What is wrong, and what to do; null if nothing is. */
async function diagnosis (collection, name, error) {
  // Whoever may not create an index may still be able to see that it is there.
  const indexes = await listIndexes(collection)
  if (indexes.some(removesAtExpiry)) return null
  if (indexes.some(index => index.name === 'sid_1')) {
    return 'the collection holds rows of session-mongoose (its index sid_1 is there), which this store does not read: ' +
      "use require('connect-mongo-native/session-mongoose'), or another collection"
  }
  if (CONFLICTS.includes(error.code)) {
    return 'an index on { expires: 1 } exists that does not remove expired sessions by itself. Remedy: ' +
      `db.getCollection('${name}').dropIndex('expires_1') and restart, or autoRemove: 'interval'`
  }
  return `the index that removes expired sessions could not be created (${error.message}). The store works without ` +
    'it. Remedy: create it yourself, once: createIndex({ expires: 1 }, { expireAfterSeconds: 0 }), and set ' +
    "autoRemove: 'disabled'; or autoRemove: 'interval'"
}

async function listIndexes (collection) {
  try {
    return await collection.indexes()
  } catch {
    return []
  }
}

function removesAtExpiry ({ key, expireAfterSeconds }) {
  return key?.expires === 1 && Object.keys(key).length === 1 && Number(expireAfterSeconds) === 0
}

module.exports = { ensureIndex, sweepAtIntervals }
