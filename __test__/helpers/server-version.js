'use strict'

const { MongoClient } = require('mongodb')

const { sharedUri } = require('./mongod')

// What only later servers can do. Tests run on MongoDB 4.4 and later: `npm run test:matrix`.

/** Whether the server is older than a version such as '5.1'. */
async function isBefore (version, url = sharedUri()) {
  const client = await MongoClient.connect(url)
  try {
    const { versionArray } = await client.db('admin').command({ buildInfo: 1 })
    const [major, minor] = version.split('.').map(Number)
    return versionArray[0] < major || (versionArray[0] === major && versionArray[1] < minor)
  } finally {
    await client.close()
  }
}

/** Skips a test, and resolves with true, where the server is older than a version and lacks `what`. */
async function skipsBefore (version, what, t) {
  const skips = await isBefore(version)
  if (skips) t.skip(`before MongoDB ${version} there is no ${what}`)
  return skips
}

module.exports = { isBefore, skipsBefore }
