'use strict'

const { findPeer, missingPeer } = require('../support/peers')

// The sessions that connect-redis keeps: texts under a prefix, which Redis removes when they expire.

/** Keys that Redis is asked for at a time, and about how many it looks at for each answer. */
const KEYS_PER_READ = 500
const KEYS_PER_SCAN = 1000

/** What PTTL returns for a key that does not expire. */
const NEVER = -1

class RedisSource {
  #command
  #prefix
  #end

  /** `client`: one of the packages redis (4 or later) and ioredis, which stays open; or else `url`. */
  static async open ({ client, url, prefix }) {
    if (client !== undefined) return new RedisSource(commandOf(client), prefix, async () => {})
    const own = await connect(url)
    return new RedisSource(commandOf(own.client), prefix, own.end)
  }

  constructor (command, prefix, end) {
    this.#command = command
    this.#prefix = prefix
    this.#end = end
  }

  close () {
    return this.#end()
  }

  /** The keys with the prefix, each once. */
  async keys () {
    const keys = new Set()
    let cursor = '0'
    do {
      const found = await this.#command('SCAN', cursor, 'MATCH', `${escaped(this.#prefix)}*`, 'COUNT', `${KEYS_PER_SCAN}`)
      cursor = String(found[0])
      for (const key of found[1]) keys.add(String(key))
    } while (cursor !== '0')
    return [...keys]
  }

  /**
   * Batches of sessions, `{ sid, data, expires }` each; `data` is null for what is no text. Those that expire
   * meanwhile are left out, but counted: `{ size, sessions }`.
   */
  async* read (keys) {
    for (let start = 0; start < keys.length; start += KEYS_PER_READ) {
      const batch = keys.slice(start, start + KEYS_PER_READ)
      const now = Date.now()
      const [texts, left] = await Promise.all([
        this.#command('MGET', ...batch), Promise.all(batch.map(key => this.#command('PTTL', key)))
      ])
      const sessions = batch.map((key, index) => {
        const leftMS = Number(left[index])
        const expires = leftMS === NEVER ? undefined : new Date(now + leftMS)
        return { isGone: leftMS < NEVER, sid: key.slice(this.#prefix.length), data: texts[index], expires }
      })
      yield { size: batch.length, sessions: sessions.filter(({ isGone }) => !isGone) }
    }
  }
}

/** A function that sends a command, given by its words. */
function commandOf (client) {
  if (typeof client.call === 'function') return (...words) => client.call(...words) // ioredis
  return (...words) => client.sendCommand(words)
}

async function connect (url) {
  const redis = findPeer(['redis'])
  if (redis !== undefined) {
    // A server that cannot be reached at once is taken for a mistake in the URL, and not tried again.
    return connected(() => redis.createClient({ url, socket: { reconnectStrategy: false } }))
  }
  const Redis = findPeer(['ioredis'])
  if (Redis === undefined) throw missingPeer('redis', 'migrate from connect-redis')
  return connected(() => new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 }))
}

async function connected (make) {
  const client = made(make)
  client.on('error', () => {}) // `connect` or the command fails with it
  await client.connect()
  // What was to be read has been read, or has failed.
  return { client, end: async () => { await client.quit().catch(() => {}) } }
}

/** The packages' own errors have the URL in them. */
function made (make) {
  try {
    return make()
  } catch {
    throw new TypeError("redisUrl is no connection string of Redis, like 'redis://localhost:6379'")
  }
}

/** A prefix in which nothing stands for anything else. */
function escaped (prefix) {
  return prefix.replace(/[*?[\]\\^]/g, '\\$&')
}

module.exports = { RedisSource }
