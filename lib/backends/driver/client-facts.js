'use strict'

// What a store must know of the app's client: its options, in the words of each major, and what it talks to.

/** Of a driver that does not say: what drivers up to 3 open. */
const DEFAULT_POOL = 5

/** Milliseconds. Drivers 2 and 3.0 to 3.2 set this socket timeout when they are given none. */
const UNASKED_SOCKET_TIMEOUT_MS = 360_000

/**
 * `given`: the options that the client was made with, where they are known.
 *
 * Returns `pool`, the number of connections that the client may open; `isReplicaSet` and `sharded`, what it
 * talks to;
 * `encrypts`, whether it cannot group; `selectionTimeoutMS`, 0 where it is unknown; and `timeoutMS`, the
 * smaller one of `socketTimeoutMS` and `timeoutMS`, null if neither is set.
 */
function factsOf ({ driverClient, db, given }) {
  const client = driverClient ?? clientOf(db)
  const topology = client?.topology ?? db?.serverConfig
  const option = optionsOf(client, topology, given)
  const pool = option('maxPoolSize') ?? option('poolSize') ?? option('size') ?? (topology ? DEFAULT_POOL : Infinity)
  const timeouts = [socketTimeoutMS(option), option('timeoutMS') ?? timeoutInUrl(client)].filter(timeout => timeout > 0)
  return {
    pool: pool === 0 ? Infinity : pool,
    isReplicaSet: /ReplicaSet/.test(topology?.description?.type) || topology?.type === 'replset',
    sharded: topology?.description?.type === 'Sharded' || topology?.type === 'mongos',
    selectionTimeoutMS: option('serverSelectionTimeoutMS') ?? 0,
    timeoutMS: timeouts.length > 0 ? Math.min(...timeouts) : null,
    encrypts: Boolean(option('autoEncryption'))
  }
}

/** The client that a Db is of; up to driver 3 it does not know it. */
function clientOf (db) {
  return db?.client ?? db?.s?.client
}

/** Returns a function that returns an option by its name, wherever the major keeps it. */
function optionsOf (client, topology, given) {
  const { options, clonedOptions } = topology?.s ?? {}
  // What the caller said comes before what the driver made of it.
  const places = [given, client?.options, client?.s?.options, options, clonedOptions?.socketOptions, clonedOptions]
  return name => places.find(place => place?.[name] !== undefined)?.[name]
}

function socketTimeoutMS (option) {
  const [given, made] = [option('socketTimeoutMS'), option('socketTimeout')]
  return given ?? (made === UNASKED_SOCKET_TIMEOUT_MS ? undefined : made)
}

/** Late drivers of major 6 and 7 take `timeoutMS`, warn that it does nothing, and forget it. */
function timeoutInUrl (client) {
  const found = /[?&]timeoutMS=(\d+)/i.exec(client?.s?.url)
  return found === null ? undefined : Number(found[1])
}

module.exports = { clientOf, factsOf }
