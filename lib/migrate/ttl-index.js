'use strict'

const { dropIndex, isPlainExpires, listIndexes } = require('./indexes')

/** Makes it as connect-mongo does. Returns what is wrong if it cannot be made. */
async function createTtlIndex (target) {
  try {
    for (const index of (await listIndexes(target)).filter(isPlainExpires)) await dropIndex(target, index)
    await target.createIndex({ expires: 1 }, { expireAfterSeconds: 0 })
  } catch (error) {
    return `The TTL index could not be created: ${error.message}. Without it nothing removes expired sessions. Remedy: ` +
      `db.getCollection('${target.collectionName}').createIndex({ expires: 1 }, { expireAfterSeconds: 0 }), after ` +
      'dropping what is in its way'
  }
}

module.exports = { createTtlIndex }
