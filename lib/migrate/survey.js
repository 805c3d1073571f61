'use strict'

const { READING } = require('./calls')
const { isPlainExpires, isUniqueSid, isUsedAt, listIndexes } = require('./indexes')

// What there is before anything changes: of what is not understood, nothing is touched.

/** Rows of connect-mongo have a `session`. */
const CONVERTED = { session: { $exists: true } }
const STRANGE = { session: { $exists: false } }

/** By `_id`: another run may be dropping the other indexes. */
const COUNTING = { ...READING, hint: { _id: 1 } }

/** Throws if the collections hold what must not be touched. `format` is that of the rows of `source`. */
async function survey (source, target, format) {
  const inPlace = source.collectionName === target.collectionName
  const [total, indexes, converted, targetIndexes] = await Promise.all([
    countSource(source, format),
    listIndexes(source),
    target.countDocuments(inPlace ? format.converted : CONVERTED, COUNTING),
    surveyTarget(target, inPlace ? format : null)
  ])
  return {
    inPlace,
    total,
    indexes,
    isUnique: indexes.some(isUniqueSid),
    ttlSeconds: indexes.find(isUsedAt)?.expireAfterSeconds,
    notes: explain({ inPlace, indexes, targetIndexes, converted }, target)
  }
}

/** Returns the indexes. `format`: of rows that are to be converted there, if any. Throws as `survey` does. */
async function surveyTarget (target, format = null) {
  const [indexes, stranger, options] = await Promise.all([
    listIndexes(target),
    target.findOne(format?.strange ?? STRANGE, { ...READING, projection: { _id: 1 } }),
    target.options(READING).catch(() => null) // drivers differ on what is not there
  ])
  const refusing = indexes.find(isUniqueSid)
  if (format === null && refusing !== undefined) {
    throw new Error(`${target.collectionName} is a collection of session-mongoose itself: its unique index ` +
      `${refusing.name} refuses connect-mongo's rows. Name another collection`)
  }
  if (options?.capped) {
    throw new Error(`${target.collectionName} is a capped collection, which forgets rows. Name another collection`)
  }
  if (stranger !== null) {
    throw new Error(`${target.collectionName} has documents that are no sessions. connect-mongo's TTL index would ` +
      'remove those whose expires has passed. Name another collection')
  }
  return indexes
}

/** How many rows there are to be moved. */
function countSource (source, format) {
  return source.countDocuments(format.source, COUNTING)
}

function explain ({ inPlace, indexes, targetIndexes, converted }, target) {
  const notes = []
  if (converted > 0) {
    notes.push(`${converted} rows of ${target.collectionName} are connect-mongo's already. They stay as they are.`)
  }
  const unique = indexes.find(isUniqueSid)
  if (inPlace && unique !== undefined) {
    notes.push(`session-mongoose and connect-mongo use the same collection by default. The unique index ${unique.name} of ` +
      'session-mongoose refuses a second row without a sid, which each row of connect-mongo is: it goes. Stop every ' +
      'app that still uses session-mongoose on this collection first: it would make the index again, and would not ' +
      'find its sessions.')
  }
  const plain = targetIndexes.find(isPlainExpires)
  if (plain !== undefined) {
    notes.push(`The plain index ${plain.name} of session-mongoose is in the way of the TTL index by which connect-mongo ` +
      'has expired rows removed: the TTL index takes its place.')
  }
  return notes
}

module.exports = { countSource, survey, surveyTarget }
