'use strict'

const { createRequire } = require('node:module')
const path = require('node:path')

/** Requires one of the packages that `npm run test:peers` installs, by the name there: 'mongoose-4.1'. */
const requirePeer = createRequire(path.join(__dirname, '../peers/versions/package.json'))

/** The folder of one of them. */
const peerFolder = name => path.join(__dirname, '../peers/versions/node_modules', name)

/**
 * Every Mongoose that apps may have had, by the name there. `old`: its driver knows no later server than 5.0.
 * `options`: what `connect` takes, so that it does not warn of itself.
 */
const MONGOOSES = {
  'mongoose-4.1': { old: true },
  'mongoose-4': { old: true, options: { useMongoClient: true } },
  'mongoose-5': { options: { useNewUrlParser: true, useUnifiedTopology: true } },
  'mongoose-6': {},
  'mongoose-7': {},
  'mongoose-8': {},
  'mongoose-9': {}
}

/** How many connections a server has that are not idle monitors of its own. */
async function connectionsOf (admin) {
  const { connections } = await admin.command({ serverStatus: 1 })
  return connections.current
}

module.exports = { connectionsOf, MONGOOSES, peerFolder, requirePeer }
