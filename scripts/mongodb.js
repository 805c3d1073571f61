'use strict'

// Starts MongoDB servers on 127.0.0.1 for the demo, the tests and the benchmark.

const { spawn } = require('node:child_process')
const { randomInt } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { MongoMemoryReplSet, MongoMemoryServer } = require('mongodb-memory-server-core')
const { MongoInstance } = require('mongodb-memory-server-core/lib/util/MongoInstance')
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
const SPAWN = { detached: true, windowsHide: true }

/** The process that ends the servers when this one dies first. */
let guard

/**
 * Beside mongodb-memory-server's own watcher, which looks every 2 s and sends SIGTERM: a frozen server does
 * not notice that, and a member of a replica set takes half a minute. The other one stays, since it keeps
 * alive the process that has started a server.
 */
const launchWatcher = MongoInstance.prototype._launchKiller
MongoInstance.prototype._launchKiller = function (ours, pid) {
  guard ??= startGuard()
  // Data that is kept deserves a good end.
  guard.stdin.write(`+${pid} ${kept.has(this.instanceOpts.dbPath) ? 'SIGTERM' : 'SIGKILL'}\n`)
  this.once('instanceClosed', () => guard.stdin.write(`-${pid}\n`))
  return launchWatcher.call(this, ours, pid)
}

/** Folders of data that outlives its server. */
const kept = new Set()

function startGuard () {
  const stdio = ['pipe', 'ignore', 'ignore']
  const child = spawn(process.execPath, [path.join(__dirname, 'end-servers.js')], { ...SPAWN, stdio })
  child.stdin.on('error', () => {}) // somebody has ended it
  child.unref()
  child.stdin.unref()
  return child
}

/**
 * Starts one mongod. `args`: further command-line arguments. `dbPath`: an existing folder whose data is kept
 * (without it, a temporary one goes with the server). `auth`: mongodb-memory-server's. `old`: a mongod 5.0.
 * `environment`: variables of its own. `host`: where it listens, if not at 127.0.0.1:
 * `{ ip, port, launcher }`, with the command line that goes before its own. `replSet`: what it will be a
 * member of.
 */
async function createStandalone ({ args = [], dbPath, auth, old = false, environment, host, replSet } = {}) {
  if (dbPath) {
    kept.add(dbPath)
    refuseUsed(dbPath)
  }
  return MongoMemoryServer.create({
    auth,
    binary: host ? launched(await binary(old), host.launcher) : await binary(old),
    instance: { ...instance(), ...host && { ip: host.ip, port: host.port }, args: [...ARGS, ...args], dbPath, replSet },
    spawn: { ...SPAWN, ...environment && { env: { ...process.env, ...environment } } }
  })
}

/**
 * Throws if a mongod works in a folder. A second one would end with a complaint that mongodb-memory-server
 * cannot read, and with it the process.
 */
function refuseUsed (dbPath) {
  const lock = path.join(dbPath, 'mongod.lock')
  const pid = fs.existsSync(lock) ? Number(fs.readFileSync(lock, 'utf8')) : 0
  if (pid === 0 || !isMongod(pid)) return
  throw new Error(`Another mongod (process ${pid}) works in ${dbPath}: the demo runs already in this clone. ` +
    'End it first, or name another server in MONGODB_URL.')
}

/** Where it cannot be seen what a process is, one that is there counts: the lock of a crash may be left. */
function isMongod (pid) {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('mongod')
  } catch {
    return false
  }
}

/** Starts a replica set of `count` members, with `args` for each and `settings` for its configuration. */
async function createReplicaSet ({ count = 3, args = [], auth = { enable: false }, settings } = {}) {
  const storageEngine = 'wiredTiger'
  return MongoMemoryReplSet.create({
    binary: await binary(),
    instanceOpts: Array.from({ length: count }, instance),
    replSet: { args: [...ARGS, ...args], auth, count, configSettings: settings, spawn: SPAWN, storageEngine }
  })
}

async function binary (old = false) {
  const systemBinary = await (old ? findOldMongod() : findMongod())
  if (old && systemBinary === undefined) throw new Error('There is no mongod 5.0 to fetch for this platform.')
  if (systemBinary) process.env.MONGOMS_RUNTIME_DOWNLOAD = 'false'
  return { systemBinary }
}

/** Through a script: mongodb-memory-server starts one file. The launcher's process becomes the server's. */
function launched ({ systemBinary }, launcher) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-launcher-'))
  const script = path.join(folder, 'mongod')
  fs.writeFileSync(script, `#!/bin/sh\nexec ${launcher.join(' ')} '${systemBinary}' "$@"\n`, { mode: 0o755 })
  process.once('exit', () => fs.rmSync(folder, { recursive: true }))
  return { systemBinary: script }
}

function instance () {
  // Below the ports that clients get for their own end (Linux: 32768 to 60999): else a client that redials a
  // stopped server can be given its port, and the server cannot come back. A taken port is replaced.
  const port = randomInt(20_000, 32_000)
  return { port, ip: '127.0.0.1', storageEngine: 'wiredTiger', launchTimeout: LAUNCH_TIMEOUT_MS }
}

module.exports = { createStandalone, createReplicaSet, refuseUsed }
