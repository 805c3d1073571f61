'use strict'

const { createRequire } = require('node:module')
const path = require('node:path')

/** Requires one of the packages that `npm run test:peers` installs, by the name there: 'mongoose-4.1'. */
const requirePeer = createRequire(path.join(__dirname, '../peers/versions/package.json'))

/** How many connections a server has that are not idle monitors of its own. */
async function connectionsOf (admin) {
  const { connections } = await admin.command({ serverStatus: 1 })
  return connections.current
}

module.exports = { connectionsOf, requirePeer }
