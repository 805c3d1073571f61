'use strict'

// MongoDB servers of a test's own: to stop, kill, freeze and restart, or with settings that the shared one
// lacks. Tests for which any server will do use the one in MONGODB_URL, which `npm test` starts.

const { once } = require('node:events')
const { readdirSync, readFileSync } = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')
const { createReplicaSet, createStandalone } = require('../../scripts/mongodb')

/** For a replica set to elect a primary, or to bring its members up to date. */
const SETTLE_TIMEOUT_MS = 60_000

/** To sleep on without giving the event loop a turn. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

const ROOT = { customRootName: 'root', customRootPwd: 'root-password' }

/** The server that the test files share. */
function sharedUri () {
  if (process.env.MONGODB_URL) return process.env.MONGODB_URL
  throw new Error('MONGODB_URL is not set: run this test as `npm test -- <file>`.')
}

/**
 * Starts a mongod. `args`: further command-line arguments. `users`: turns access control on, with these users
 * (each `{ createUser, pwd, roles, database }`) beside the root user of `rootUri`. `old`: a mongod 5.0, for
 * drivers that know no later one. `environment`: variables of its own. `dbPath`: a folder that it keeps.
 */
async function startStandalone ({ args, users, old, environment, dbPath } = {}) {
  const server = await createStandalone({ args, auth: accessControl(users), old, environment, dbPath })
  return new Member(server)
}

/** Starts a replica set, with a primary. A lost primary is replaced about `electionTimeoutMS` later. */
async function startReplicaSet ({ count, args, users, electionTimeoutMS = 2000 } = {}) {
  const heartbeatIntervalMillis = electionTimeoutMS / 4
  const settings = { electionTimeoutMillis: electionTimeoutMS, heartbeatIntervalMillis }
  return new ReplicaSet(await createReplicaSet({ count, args, auth: accessControl(users), settings }))
}

/** A replica set whose members each have a host of their own: see separate-hosts.js. */
async function startSeparateReplicaSet (hosts, { args, electionTimeoutMS = 2000 } = {}) {
  const replSet = 'separate'
  const servers = await Promise.all(hosts.map(host => createStandalone({ args, host, replSet })))
  const uris = servers.map(({ instanceInfo: { ip, port } }) => `${ip}:${port}`)
  const settings = { electionTimeoutMillis: electionTimeoutMS, heartbeatIntervalMillis: electionTimeoutMS / 4 }
  const client = new MongoClient(`mongodb://${uris[0]}/?directConnection=true`)
  try {
    const members = uris.map((host, _id) => ({ _id, host }))
    await client.db('admin').command({ replSetInitiate: { _id: replSet, members, settings } })
  } finally {
    await client.close()
  }
  const set = new ReplicaSet({
    servers,
    getUri: () => `mongodb://${uris.join()}/?replicaSet=${replSet}`,
    stop: () => Promise.all(servers.map(server => server.stop()))
  })
  await set.primary()
  return set
}

function accessControl (users) {
  return users && { enable: true, ...ROOT, extraUsers: users }
}

/** One mongod: a standalone server, or a member of a replica set. */
class Member {
  #server
  #instance

  constructor (server) {
    this.#server = server
    this.#instance = server.instanceInfo.instance
    this.port = server.instanceInfo.port
    this.host = `${server.instanceInfo.ip}:${this.port}`
    this.uri = `mongodb://${this.host}/`
    this.rootUri = withRoot(this.uri)
  }

  /** The process id; undefined while it is down. */
  get pid () {
    return this.#instance.mongodProcess?.pid
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill () {
    const closed = once(this.#instance, 'instanceClosed')
    process.kill(this.pid, 'SIGKILL')
    await closed
    // Forgets the process, and ends the one that watches over it.
    await this.#instance.stop()
  }

  /** Resolves when it has ended by itself. Then `restart` starts it again. */
  async ended () {
    await once(this.#instance, 'instanceClosed')
    await this.#instance.stop()
    return true
  }

  /** SIGSTOP: connections stay open and nothing replies, from when this returns. */
  freeze () {
    process.kill(this.pid, 'SIGSTOP')
    while (!isStopped(this.pid)) Atomics.wait(NEVER, 0, 0, 1)
  }

  /** SIGCONT: ends `freeze`. */
  thaw () {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Shuts down in good order and keeps the data. */
  async shutdown () {
    await this.#instance.stop()
  }

  /** Starts again after `kill` or `shutdown`, on the same port with the same data. */
  async restart () {
    await this.#instance.start()
  }

  /** Ends the server for good and removes its data. */
  async stop () {
    // The data goes anyway; this is quicker than to shut down, and works on a frozen server.
    if (this.pid) await this.kill()
    await this.#server.stop()
  }
}

/**
 * Whether SIGSTOP has reached every thread of the process. On a busy machine one that waits for a processor
 * is stopped some milliseconds later, and until then the server replies.
 */
function isStopped (pid) {
  if (process.platform !== 'linux') return true
  const threads = `/proc/${pid}/task`
  try {
    return readdirSync(threads).every(thread => readFileSync(`${threads}/${thread}/status`, 'utf8').includes('State:\tT'))
  } catch {
    return false // a thread has ended meanwhile
  }
}

class ReplicaSet {
  #set

  constructor (set) {
    this.#set = set
    this.members = set.servers.map(server => new Member(server))
    this.ports = this.members.map(({ port }) => port)
    this.uri = set.getUri()
    this.rootUri = withRoot(this.uri)
  }

  /** The member that says it is the primary, once there is one. */
  async primary () {
    const deadline = Date.now() + SETTLE_TIMEOUT_MS
    while (Date.now() < deadline) {
      for (const member of this.members) {
        if (member.pid && await isPrimary(member)) return member
      }
      await sleep(100)
    }
    throw new Error(`No primary within ${SETTLE_TIMEOUT_MS} ms.`)
  }

  /**
   * Waits until every member holds what the primary holds. Until then one may still be rolling back, and
   * if the primary dies meanwhile, the rest can elect no other.
   */
  async caughtUp () {
    const client = new MongoClient(this.uri)
    try {
      const everyone = { w: this.members.length, wtimeoutMS: SETTLE_TIMEOUT_MS }
      await client.db('test').collection('caught-up').insertOne({}, { writeConcern: everyone })
    } finally {
      await client.close()
    }
  }

  /** Ends all members and removes their data. */
  async stop () {
    await Promise.all(this.members.filter(({ pid }) => pid).map(member => member.kill()))
    await this.#set.stop()
  }
}

async function isPrimary ({ uri }) {
  // A frozen member accepts connections and never replies.
  const timeouts = { serverSelectionTimeoutMS: 1000, socketTimeoutMS: 1000 }
  const client = new MongoClient(uri, { directConnection: true, ...timeouts })
  try {
    const { isWritablePrimary } = await client.db('admin').command({ hello: 1 })
    return isWritablePrimary
  } catch {
    return false
  } finally {
    await client.close()
  }
}

function withRoot (uri) {
  const url = uri.replace('mongodb://', `mongodb://${ROOT.customRootName}:${ROOT.customRootPwd}@`)
  return `${url}${url.includes('?') ? '&' : '?'}authSource=admin`
}

module.exports = { sharedUri, startStandalone, startReplicaSet, startSeparateReplicaSet }
