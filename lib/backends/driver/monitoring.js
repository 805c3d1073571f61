'use strict'

const { isMap } = require('util/types')

const { isMongoose } = require('../../support/connection-kinds')
const { queueMicrotask } = require('../../support/realm')
const { clientOf } = require('./client-facts')

// What an app's client knows of its servers, from the events of its own monitoring: whether one of them takes
// writes, and why one cannot be reached.
//
// The events come from a Mongoose connection, from a MongoClient (driver 3 with its unified topology, and
// later ones), or from a topology (older ones). Each of these has one listener, however many stores there
// are, since Node.js warns of more than ten. The listener goes with the last store.

/** Types of servers that take writes. */
const WRITABLE = new Set(['Standalone', 'Mongos', 'RSPrimary', 'LoadBalancer'])

/** Of Mongoose's connections, by whether they are open after it. */
const MONGOOSE_EVENTS = {
  connecting: false, connected: true, open: true, reconnected: true, disconnected: false, close: false
}

/** After any of these the topology is asked anew. Not 'error': a listener would change what it does. */
const OLD_EVENTS = ['close', 'timeout', 'reconnect', 'reconnectFailed', 'joined', 'left', 'serverDescriptionChanged']

/** By the object that emits the events. */
const monitors = new WeakMap()

/** One emitter, as all stores on it see it. */
class Monitor {
  /** Null where it does not tell. */
  writable = null
  /** Why a server could not be reached; null if it can. */
  error = null
  #emitter
  #handlers
  #listeners = new Set()

  static of (emitter) {
    if (!monitors.has(emitter)) monitors.set(emitter, new Monitor(emitter))
    return monitors.get(emitter)
  }

  constructor (emitter) {
    this.#emitter = emitter
    this.#handlers = this.#handlersOf(emitter)
  }

  add (listener) {
    if (this.#listeners.size === 0) {
      this.#look()
      for (const [event, handler] of this.#handlers) this.#emitter.on(event, handler)
    }
    this.#listeners.add(listener)
  }

  remove (listener) {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    for (const [event, handler] of this.#handlers) this.#emitter.removeListener(event, handler)
  }

  #handlersOf (emitter) {
    if (isMongoose(emitter)) {
      return Object.entries(MONGOOSE_EVENTS).map(([event, open]) => [event, () => this.#tell(open)])
    }
    if (isOldTopology(emitter)) {
      // Some of them are emitted before the topology knows it itself.
      return OLD_EVENTS.map(event => [event, () => queueMicrotask(() => this.#tell(emitter.isConnected()))])
    }
    // 'close' and the like would make the unified topology of driver 3 warn that they are deprecated.
    return [
      ['topologyDescriptionChanged', ({ newDescription }) => this.#tell(this.#read(newDescription))],
      ['topologyClosed', () => this.#tell(false)]
    ]
  }

  #look () {
    if (isMongoose(this.#emitter)) this.writable = this.#emitter.readyState === 1
    else if (isOldTopology(this.#emitter)) this.writable = this.#emitter.isConnected()
    else this.writable = this.#read(this.#emitter.topology?.description ?? this.#emitter.description)
  }

  /** Whether a server takes writes, by the topology's description. */
  #read (description) {
    if (!isMap(description?.servers)) return null // of a fake, or of an old topology below its client
    const servers = [...description.servers.values()]
    const writable = servers.some(({ type }) => WRITABLE.has(type))
    this.error = writable ? null : servers.find(({ error }) => error)?.error ?? this.error
    return writable
  }

  #tell (writable) {
    this.writable = writable
    for (const listener of [...this.#listeners]) listener()
  }
}

/** What one store watches. */
class Watch {
  #monitors = new Set()
  #listener

  /** `listener` is called when something may have changed. */
  constructor (listener) {
    this.#listener = listener
  }

  /** Whether a server takes writes, as far as the emitters tell. */
  get writable () {
    return [...this.#monitors].every(({ writable }) => writable !== false)
  }

  get error () {
    return [...this.#monitors].find(({ error }) => error !== null)?.error ?? null
  }

  /** Watches these objects of the app's, and no others. They may be there in part. */
  follow ({ client, driverClient, db }) {
    const emitters = emittersOf({ client, driverClient, db })
    const wanted = new Set(emitters.map(emitter => Monitor.of(emitter)))
    for (const monitor of this.#monitors) if (!wanted.has(monitor)) monitor.remove(this.#listener)
    for (const monitor of wanted) monitor.add(this.#listener)
    this.#monitors = wanted
  }

  end () {
    for (const monitor of this.#monitors) monitor.remove(this.#listener)
    this.#monitors.clear()
  }
}

function emittersOf ({ client, driverClient, db }) {
  driverClient ??= clientOf(db)
  const topology = driverClient?.topology ?? db?.serverConfig
  const emitters = [isMongoose(client) && client, driverClient]
  if (driverClient === undefined || isOldTopology(topology)) emitters.push(topology)
  return emitters.filter(emitter => typeof emitter?.on === 'function' && typeof emitter.removeListener === 'function')
}

/** Of driver 2, and of 3 without `useUnifiedTopology`. Later ones call themselves connected in an outage. */
function isOldTopology (one) {
  return typeof one?.isConnected === 'function' && one.description === undefined && typeof one.db !== 'function'
}

module.exports = { Watch }
