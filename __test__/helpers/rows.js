'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

// What takes a moment to show in a collection.

async function within (timeoutMS, look) {
  for (const deadline = Date.now() + timeoutMS; Date.now() < deadline; await sleep(20)) {
    const found = await look()
    if (found) return found
  }
}

/** Whether a row is removed within some time. */
async function gone (rows, _id, timeoutMS) {
  return Boolean(await within(timeoutMS, async () => await rows.findOne({ _id }) === null))
}

/** The TTL index, which a store makes some time after its start. */
function ttlIndex (rows, timeoutMS = 10_000) {
  return within(timeoutMS, async () => {
    const indexes = await rows.indexes().catch(() => []) // there may be no collection yet
    return indexes.find(({ name }) => name === 'expires_1')
  })
}

module.exports = { gone, ttlIndex, within }
