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
    const { connected, end } = await connect(url)
    return new RedisSource(commandOf(connected), prefix, end)
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
      const [texts, lives] = await Promise.all([
        this.#command('MGET', ...batch), Promise.all(batch.map(key => this.#command('PTTL', key)))
      ])
      const sessions = batch.map((key, index) => {
        const life = Number(lives[index])
        const expires = life === NEVER ? undefined : new Date(now + life)
        return { isGone: life < NEVER, sid: key.slice(this.#prefix.length), data: texts[index], expires }
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
    // Who is not there at once is a mistake in the URL: nothing waits for it.
    const client = redis.createClient({ url, socket: { reconnectStrategy: false } })
    client.on('error', () => {}) // the command fails by it
    await client.connect()
    return { connected: client, end: async () => { await client.quit() } }
  }
  const Redis = findPeer(['ioredis'])
  if (Redis === undefined) throw missingPeer('redis', 'migrate from connect-redis')
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
  client.on('error', () => {})
  await client.connect()
  return { connected: client, end: async () => { await client.quit() } }
}

/** A prefix in which nothing stands for anything else. */
function escaped (prefix) {
  return prefix.replace(/[*?[\]\\^]/g, '\\$&')
}

module.exports = { RedisSource }
