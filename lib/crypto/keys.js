'use strict'

const crypto = require('crypto')
const { now: realNow, Promise } = require('../support/realm')
const { Recent } = require('./recent')

// The keys of encrypted rows. To derive one takes milliseconds (15,000 rounds of HMAC-SHA512 and more), so it
// happens on libuv's threads, once per salt, and keys are kept.
//
// The rows that a process writes share a salt for a while. Two rows under one key must not share an IV: with
// AES-GCM that would give away both plaintexts' difference and the authentication key. IVs are 96 random
// bits (128 in some families), and a key serves at most 2^20 rows, so that two are alike with a probability
// of at most 2^40 / 2^97 = 2^-57 for each key; NIST SP 800-38D section 8.3 asks for 2^-32. No two processes,
// nor two runs of one, share a salt: it is 1024 random bits. (K0 and W have no salt in their rows: there the
// secret alone makes the key, and IVs of 128 and of 96 random bits must do for as long as the secret lives.)

/** Keys kept, at about half a kilobyte each. Rows of connect-mongo have a salt each. */
const MAX_KEYS = 10_000

/** Secrets (times algorithms) that a process writes with at a time. */
const MAX_WRITERS = 100

const SALT_LIFETIME_MS = 60 * 60 * 1000
const ROWS_PER_SALT = 2 ** 20

/**
 * Derivations at a time, of the four that libuv has threads for: a third one brought 3 % on two cores, and
 * the app's files and host names need threads, too.
 */
const PARALLEL = 2

/** A secret in the form that keys are derived from. Its digest stands for it in the names of keys. */
function prepareSecret (secret) {
  const bytes = Buffer.from(secret) // a copy: the caller's may change
  return { bytes, id: crypto.createHash('sha256').update(bytes).digest('latin1') }
}

/**
 * `recipe`: { kdf: 'pbkdf2' | 'scrypt', digest, iterations, keySize }. A key is found by secret, recipe and
 * salt.
 */
class Keys {
  #ready = new Recent(MAX_KEYS)
  #pending = new Map()
  #writers = new Recent(MAX_WRITERS)
  #now
  #running = 0
  #waiting = []
  #derivations = 0

  constructor ({ now = realNow } = {}) {
    this.#now = now
  }

  /** `derivations` since the start of the process, and keys at hand. */
  stats () {
    return { derivations: this.#derivations, keys: this.#ready.size }
  }

  /** The key, if it is at hand. */
  cached (secret, recipe, salt) {
    return this.#ready.get(name(secret, recipe, salt))
  }

  /** The key. Whoever asks while it is being derived waits for the same derivation. */
  derive (secret, recipe, salt) {
    const id = name(secret, recipe, salt)
    const ready = this.#ready.get(id)
    if (ready !== undefined) return Promise.resolve(ready)
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    const promise = this.#turn(() => derive(secret, recipe, salt)).then(key => {
      this.#ready.set(id, key)
      return key
    }).finally(() => this.#pending.delete(id))
    this.#pending.set(id, promise)
    return promise
  }

  /**
   * What to write a row with now, { key, salt }, or a promise of it. `salt`: the one of a family that has but
   * one; otherwise `saltSize` random bytes serve for a while.
   */
  writer (secret, recipe, { salt, saltSize }) {
    if (salt !== undefined) {
      const key = this.cached(secret, recipe, salt)
      return key ? { key, salt } : this.derive(secret, recipe, salt).then(key => ({ key, salt }))
    }
    const id = name(secret, recipe, '')
    let current = this.#writers.get(id)
    if (current === undefined || current.rows >= ROWS_PER_SALT || this.#now() >= current.end) {
      current = { salt: crypto.randomBytes(saltSize), rows: 0, end: this.#now() + SALT_LIFETIME_MS, key: undefined }
      this.#writers.set(id, current)
    }
    current.rows++
    if (current.key !== undefined) return current
    return this.derive(secret, recipe, current.salt).then(key => {
      current.key = key // here it stays, whatever reading does to the cache
      return current
    })
  }

  /** Runs `job` when fewer derivations are running than may run at a time. */
  async #turn (job) {
    if (this.#running >= PARALLEL) await new Promise(resolve => this.#waiting.push(resolve))
    else this.#running++
    this.#derivations++
    try {
      return await job()
    } finally {
      const next = this.#waiting.shift() // starts in place of the one that ended
      if (next) next()
      else this.#running--
    }
  }
}

function name (secret, { kdf, digest, iterations, keySize }, salt) {
  const text = typeof salt === 'string' ? salt : salt.toString('latin1')
  return `${secret.id} ${kdf} ${digest} ${iterations} ${keySize} ${text}`
}

/** On a thread of libuv's. */
function derive ({ bytes }, { kdf, digest, iterations, keySize }, salt) {
  return new Promise((resolve, reject) => {
    const done = (error, key) => error ? reject(error) : resolve(key)
    if (kdf === 'scrypt') crypto.scrypt(bytes, salt, keySize, done)
    else crypto.pbkdf2(bytes, salt, iterations, keySize, digest, done)
  })
}

/** One for the process: stores that share a secret share its keys, even a store per request. */
const keys = new Keys()

module.exports = { Keys, keys, prepareSecret, MAX_KEYS, ROWS_PER_SALT, SALT_LIFETIME_MS }
