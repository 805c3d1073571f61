'use strict'

// Starts MongoDB servers on 127.0.0.1 for the demo, the tests and the benchmark.

const { randomInt } = require('node:crypto')
const { MongoMemoryReplSet, MongoMemoryServer } = require('mongodb-memory-server-core')
const { findMongod, findOldMongod } = require('./find-mongod')

// The demo, the tests and the benchmark take what there is, so there is no version to warn about.
process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = 'false'

// After SIGKILL mongod recovers before it listens. On busy cores that can take longer than the usual 10 s.
const LAUNCH_TIMEOUT_MS = 60_000

const ARGS = [
  // No log line per connection: mongodb-memory-server reads the log to see when a server is ready.
  '--quiet',
  // Up to 8 servers run at once on a developer's machine, and each would take half of the memory.
  '--wiredTigerCacheSizeGB=0.25',
  // Statistics that are written to the disk every second, for MongoDB's support.
  '--setParameter=diagnosticDataCollectionEnabled=false'
]

// In a process group of its own: Ctrl-C is for what uses the server, and the server is stopped afterwards.
// Should this process die first, mongodb-memory-server's watcher ends the server within 2 s.
const spawn = { detached: true, windowsHide: true }

/**
 * Starts one mongod. `args`: further command-line arguments. `dbPath`: an existing folder whose data is kept
 * (without it, a temporary one goes with the server). `auth`: mongodb-memory-server's. `old`: a mongod 5.0.
 */
async function createStandalone ({ args = [], dbPath, auth, old = false } = {}) {
  return MongoMemoryServer.create({
    auth,
    binary: binary(old),
    instance: { ...instance(), args: [...ARGS, ...args], dbPath },
    spawn
  })
}

/** Starts a replica set of `count` members, with `args` for each and `settings` for its configuration. */
async function createReplicaSet ({ count = 3, args = [], auth = { enable: false }, settings } = {}) {
  return MongoMemoryReplSet.create({
    binary: binary(),
    instanceOpts: Array.from({ length: count }, instance),
    replSet: { args: [...ARGS, ...args], auth, count, configSettings: settings, spawn, storageEngine: 'wiredTiger' }
  })
}

function binary (old = false) {
  const systemBinary = old ? findOldMongod() : findMongod()
  if (old && systemBinary === undefined) throw new Error('There is no mongod 5.0 to fetch for this platform.')
  if (systemBinary) process.env.MONGOMS_RUNTIME_DOWNLOAD = 'false'
  return { systemBinary }
}

function instance () {
  // Below the ports that clients get for their own end (Linux: 32768 to 60999): else a client that redials a
  // stopped server can be given its port, and the server cannot come back. A taken port is replaced.
  const port = randomInt(20_000, 32_000)
  return { port, ip: '127.0.0.1', storageEngine: 'wiredTiger', launchTimeout: LAUNCH_TIMEOUT_MS }
}

module.exports = { createStandalone, createReplicaSet }
