'use strict'

const { onWorkerThread } = require('./worker-thread')
const { UndecryptableError } = require('./errors')
const { keys, prepareSecret } = require('./keys')
const { isPromise, Promise } = require('../support/realm')
const { checkSize } = require('../session/size')
const rows = require('./rows')

/**
 * Bytes of payload up to which ciphers run on the event loop's thread, where these take about 0.2 ms. What is
 * stored of them is up to twice as long: base64 in base64.
 */
const LARGE = 64 * 1024
const LARGE_STORED = 2 * LARGE

/**
 * What encrypts and decrypts the sessions of a store, with one or more secrets: the first writes, all read.
 * `suites`: how each family's rows are made; `family`: the one that is written.
 *
 * `encrypt` and `decrypt` return a promise only if the key is not derived yet, or the payload is large.
 */
class Vault {
  #secrets
  #suites
  #family
  #last // the candidate that read the last row whose key was not at hand

  constructor ({ secrets, suites, family }) {
    this.#secrets = secrets.map(prepareSecret)
    this.#suites = suites
    this.#family = family
    // Now, so that the first row need not wait for it. If it fails, that row fails.
    Promise.resolve(this.#writer()).catch(() => {})
  }

  /** The stored form of a text: `kind` 'string', or 'json' for what the text is the JSON of. */
  encrypt (text, kind) {
    const bytes = Buffer.byteLength(text)
    // Encrypted it is no shorter: it would keep room from others, and fail by its size in the end.
    checkSize(bytes)
    const large = bytes > LARGE
    const seal = writer => large
      ? onWorkerThread('seal', text, kind, this.#family, this.#suites[this.#family], writer)
      : rows.seal(text, kind, this.#family, this.#suites[this.#family], writer)
    const writer = this.#writer()
    return isPromise(writer) ? writer.then(seal) : seal(writer)
  }

  #writer () {
    const [secret] = this.#secrets
    const suite = this.#suites[this.#family]
    const salt = this.#family === 'K0' ? rows.saltK0(secret, suite) : suite.salt
    return keys.writer(secret, suite, { salt, saltSize: suite.saltSize })
  }

  /** The text. In most families, what was of kind 'string' comes as its JSON, as with connect-mongo 6. */
  decrypt (stored) {
    const row = rows.parse(stored, this.#suites)
    if (row === null) throw new UndecryptableError('it is not encrypted, or not as connect-mongo does')
    const candidates = this.#candidates(row)
    if (stored.length > LARGE_STORED) return this.#decryptLater(stored, candidates, onWorkerThread)
    const others = []
    for (const candidate of candidates) {
      const key = this.#keyAtHand(candidate)
      const text = key && rows.open(stored, candidate.families, this.#suites, key)
      if (typeof text === 'string') return text
      if (key === undefined) others.push(candidate)
    }
    return this.#decryptLater(stored, others, async (method, ...args) => rows[method](...args))
  }

  /** Tries one candidate after the other, the likeliest first. */
  async #decryptLater (stored, candidates, call) {
    const likelihood = candidate => this.#keyAtHand(candidate) ? 2 : sameKind(candidate, this.#last) ? 1 : 0
    for (const candidate of candidates.sort((a, b) => likelihood(b) - likelihood(a))) {
      const key = await keys.derive(candidate.secret, candidate.suite, candidate.salt)
      const text = await call('open', stored, candidate.families, this.#suites, key)
      if (text === null) continue
      this.#last = candidate
      return text
    }
    throw new UndecryptableError('it was changed, or encrypted with another secret or in another way')
  }

  #keyAtHand ({ secret, suite, salt }) {
    return keys.cached(secret, suite, salt)
  }

  /** Whatever may have made the row: by secret, newest first, and by what keys are made with. */
  #candidates (row) {
    const candidates = []
    for (const secret of this.#secrets) {
      for (const together of rows.OF_SHAPE[row.shape]) {
        const families = together.filter(family => this.#suites[family])
        if (families.length === 0) continue
        const suite = { ...this.#suites[families[0]], encoding: row.encoding }
        candidates.push({ secret, families, suite, salt: row.salt ?? rows.saltK0(secret, suite) })
      }
    }
    // First what this store writes: most rows are its own.
    return candidates.sort((a, b) => b.families.includes(this.#family) - a.families.includes(this.#family))
  }
}

function sameKind (candidate, last) {
  return candidate.secret === last?.secret && candidate.families[0] === last.families[0]
}

module.exports = { LARGE, Vault }
