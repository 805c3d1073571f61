'use strict'

const { isOn, isWhole } = require('../support/index-keys')
const { READING } = require('./calls')

// Indexes are recognized by their keys and options: people and tools give them names of their own. Those that
// leave rows out, or sort by a collation, are the app's.

/** `NamespaceNotFound`, `IndexNotFound`: nothing there. */
const NOTHING_THERE = [26, 27]

async function listIndexes (collection) {
  try {
    return await collection.listIndexes(READING).toArray()
  } catch (error) {
    if (NOTHING_THERE.includes(error.code)) return []
    throw error
  }
}

/** Unauthorized. */
const REFUSED = 13

/** The indexes; null where the user may not ask for them: a store needs no such right. */
async function indexesIfKnown (collection) {
  try {
    return await listIndexes(collection)
  } catch (error) {
    if (error.code === REFUSED) return null
    throw error
  }
}

async function dropIndex (collection, { name }) {
  try {
    await collection.dropIndex(name)
  } catch (error) {
    if (!NOTHING_THERE.includes(error.code)) throw error
  }
}

const isUniqueSid = index => isOn('sid', index) && isWhole(index) && Boolean(index.unique)
const isTtl = index => index.expireAfterSeconds !== undefined
const isBoth = index => isOn('sid,expires', index) && isWhole(index)
const isPlainExpires = index => isOn('expires', index) && isWhole(index) && !index.unique && !isTtl(index)
const isUsedAt = index => isOn('usedAt', index) && isWhole(index) && isTtl(index)

/** Those of session-mongoose that are of no use to connect-mongo, or in its way. */
const isObsolete = index => isUniqueSid(index) || isBoth(index) || isPlainExpires(index)

module.exports = { dropIndex, indexesIfKnown, isObsolete, isPlainExpires, isUniqueSid, isUsedAt, listIndexes }
