'use strict'

const { shownAs } = require('../../support/discreet')
const { findPeer, missingPeer, versionOf } = require('../../support/peers')
const { OldClient } = require('./old-client')

// Clients made with the optional peer mongodb: for `backend: 'driver'` with a URL, and for the handles of
// stores that the core connects.

/**
 * What connect-mongo 3 gave mongodb 3: without it, warnings and an engine that gives up too early. Each from
 * the first driver that knows it.
 */
const OPTIONS_OF_3 = { useNewUrlParser: 3001, useUnifiedTopology: 3002 }

/** From here on some methods, later all, have promises only: they refuse a callback or leave it uncalled. */
const HAS_NO_CALLBACKS = 4000

/**
 * A client for a store's URL, not connected yet. Throws if the URL cannot be used. Logging it, or a store's
 * handle that leads to it, shows no password, which the driver's own classes do.
 */
function makeClient (form, feature) {
  return shownAs(newClient(form, feature), () => '[MongoClient]')
}

function newClient ({ dialect, url, mongoOptions }, feature) {
  const { MongoClient } = requireDriver(feature)
  if (typeof MongoClient.prototype.db !== 'function') return new OldClient(MongoClient, url, mongoOptions)
  const isDriver3 = typeof MongoClient.prototype.isConnected === 'function'
  if (isDriver3) return new MongoClient(url, { ...optionsOf3(), ...mongoOptions })
  return dialect === 'legacy' ? lenientClient(MongoClient, url, mongoOptions) : new MongoClient(url, mongoOptions)
}

/** A client without the options that its driver does not know: driver 3 warned of them, later ones refuse. */
function lenientClient (MongoClient, url, options) {
  try {
    return new MongoClient(url, options)
  } catch (error) {
    const unknown = /^options? (.+) (is|are) not supported/.exec(error.message)
    if (!unknown) throw error
    const refused = unknown[1].split(', ')
    const known = Object.entries(options).filter(([name]) => !refused.includes(name.toLowerCase()))
    return new MongoClient(url, Object.fromEntries(known))
  }
}

function requireDriver (feature) {
  const mongodb = findPeer(['mongodb'])
  if (mongodb === undefined) throw missingPeer('mongodb', feature)
  return mongodb
}

function optionsOf3 () {
  const version = versionOf('mongodb') ?? Infinity
  const known = Object.keys(OPTIONS_OF_3).filter(name => version >= OPTIONS_OF_3[name])
  return Object.fromEntries(known.map(name => [name, true]))
}

/** The classes of the app's mongodb, and whether it takes callbacks (not, if nobody knows its version). */
function driverTraits () {
  const { Collection, Db } = findPeer(['mongodb'])
  return { Collection, Db, takesCallbacks: versionOf('mongodb') < HAS_NO_CALLBACKS }
}

/** The connection of a store with a URL and `backend: 'driver'`. */
function dial (form) {
  return { value: makeClient(form, "backend: 'driver' with a URL"), owned: true, options: form.mongoOptions }
}

module.exports = { dial, driverTraits, lenientClient, makeClient }
