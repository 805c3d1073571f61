'use strict'

// The demo's server, and the MongoDB that it may stop and start.

const fs = require('node:fs')
const { createStandalone, refuseUsed } = require('./mongodb')
const { run } = require('./run')

/**
 * Runs the demo until it ends; resolves with its exit code. `url`: a MongoDB to use. Without one, it starts
 * its own, whose data is kept in `dbPath`, and the demo's page has buttons for it.
 */
async function startDemo ({ url, dbPath, port, secret }) {
  if (!url) fs.mkdirSync(dbPath, { recursive: true })
  const mongod = url ? null : await createStandalone({ dbPath })
  try {
    const env = { MONGODB_URL: url || mongod.getUri(), PORT: port, SESSION_SECRET: secret }
    return await run(process.execPath, ['demo/server.js'], env, mongod ? { onStart: child => own(mongod, child) } : {})
  } finally {
    await mongod?.stop()
  }
}

/** Does what the demo asks for: see demo/mongodb.js. One thing at a time. */
function own (mongod, child) {
  const { instance, dbPath } = mongod.instanceInfo
  let is = 'running'

  function tell (state) {
    is = state.is
    if (child.connected) child.send({ mongodb: state }, () => {}) // it may be ending
  }

  child.on('message', async ({ mongodb: action }) => {
    if (action === 'stop' && is === 'running') {
      tell({ is: 'stopping' })
      await instance.stop()
      tell({ is: 'stopped' })
    } else if (action === 'start' && is === 'stopped') {
      tell({ is: 'starting' })
      try {
        refuseUsed(dbPath)
        await instance.start()
        tell({ is: 'running' })
      } catch (error) {
        tell({ is: 'stopped', error: error.message })
      }
    }
  })
  instance.on('instanceClosed', () => {
    if (is === 'running') tell({ is: 'stopped', error: 'It ended by itself.' })
  })
  tell({ is })
}

module.exports = { startDemo }
