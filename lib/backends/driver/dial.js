'use strict'

const { findPeer, missingPeer } = require('../../support/peers')

// Clients made with the optional peer mongodb: for `backend: 'driver'` with a URL, and for the handles of
// stores that the core connects.

/** What connect-mongo 3 gave mongodb 3: without it, warnings and an engine that gives up too early. */
const OPTIONS_OF_3 = { useNewUrlParser: true, useUnifiedTopology: true }

/** A client for a store's URL, not connected yet. Throws if the URL cannot be used. */
function makeClient ({ dialect, url, mongoOptions }, feature) {
  const mongodb = findPeer(['mongodb'])
  if (mongodb === undefined) throw missingPeer('mongodb', feature)
  const { MongoClient } = mongodb
  if (typeof MongoClient.prototype.db !== 'function') {
    throw new Error(`${feature} needs mongodb 3 or later: npm install mongodb`)
  }
  const isDriver3 = typeof MongoClient.prototype.isConnected === 'function'
  if (isDriver3) return new MongoClient(url, { ...OPTIONS_OF_3, ...mongoOptions })
  try {
    return new MongoClient(url, mongoOptions)
  } catch (error) {
    // Driver 3 warned of options that it did not know; later ones refuse them.
    const unknown = dialect === 'legacy' && /^options? (.+) (is|are) not supported/.exec(error.message)
    if (!unknown) throw error
    const refused = unknown[1].split(', ')
    const known = Object.entries(mongoOptions).filter(([name]) => !refused.includes(name.toLowerCase()))
    return new MongoClient(url, Object.fromEntries(known))
  }
}

/** The connection of a store with a URL and `backend: 'driver'`. */
function dial (form) {
  return { value: makeClient(form, "backend: 'driver' with a URL"), owned: true, options: form.mongoOptions }
}

module.exports = { dial, makeClient }
