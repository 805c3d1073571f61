'use strict'

const { findMongod } = require('./find-mongod')

/**
 * Runs `body` with the server that the tests share: MONGODB_URL, a standalone one unless it is set already.
 * Servers that tests start themselves are of MONGOD_BINARY.
 */
async function withServer (body) {
  // Only now: in a fresh clone it is not installed before.
  const { createStandalone } = require('./mongodb')
  const server = process.env.MONGODB_URL ? null : await createStandalone()
  try {
    return await body({
      MONGODB_URL: process.env.MONGODB_URL || server.getUri(),
      MONGOD_BINARY: await findMongod() ?? ''
    })
  } finally {
    await server?.stop()
  }
}

module.exports = { withServer }
