'use strict'

const { describe } = require('../support/describe')
const { bytesOf, FAMILIES, krupteinSuites, webSuite } = require('./suites')
const { Vault } = require('./vault')

// connect-mongo 6's two ways to make a `cryptoAdapter`. Stores look behind ours, so as not to wait where
// there is nothing to wait for; whoever else calls them gets what connect-mongo's return.

const vaults = new WeakMap()

/**
 * An adapter of what the option `crypto` takes. It reads every family's rows, and writes `family`'s.
 */
function createKrupteinAdapter (options) {
  const secrets = secretsOf(options?.secret, 'createKrupteinAdapter requires a non-empty secret')
  const { family = 'A' } = options
  const suites = { ...krupteinSuites(options), W: webSuite() }
  if (!FAMILIES.includes(family)) {
    throw new TypeError(`crypto.family must be one of ${FAMILIES.join(', ')}: got ${describe(family)}`)
  }
  if (suites[family] === null) {
    throw new TypeError(`crypto.family ${family} does not go with this algorithm and these sizes`)
  }
  return adapter(new Vault({ secrets, suites, family }))
}

/** An adapter that writes what connect-mongo 6's of this name does. It reads the other families, too. */
function createWebCryptoAdapter (options) {
  const secrets = secretsOf(options?.secret, 'createWebCryptoAdapter requires a secret')
  return adapter(new Vault({ secrets, suites: { ...krupteinSuites({}), W: webSuite(options) }, family: 'W' }))
}

/** What connect-mongo 3.x did with its option `secret`. */
function createLegacyAdapter (options) {
  const secrets = secretsOf(options.secret, 'secret must not be empty')
  const suites = krupteinSuites(options, { prefix: '', noHashing: 'sha512' })
  if (suites.K0 === null) throw new TypeError('algorithm must be one of the gcm ciphers, such as aes-256-gcm')
  return adapter(new Vault({ secrets, suites: { ...suites, W: webSuite() }, family: 'K0' }))
}

/** One secret, or a list for rotation, in a form of their own. */
function secretsOf (secret, missing) {
  const secrets = Array.isArray(secret) ? secret : [secret]
  if (secrets.length === 0) throw new TypeError(missing)
  return secrets.map(each => {
    if (!each) throw new TypeError(missing)
    const bytes = bytesOf(each, 'secret')
    if (Buffer.byteLength(bytes) === 0) throw new TypeError(missing)
    return bytes
  })
}

function adapter (vault) {
  const made = {
    async encrypt (plaintext) {
      if (typeof plaintext !== 'string') throw new TypeError(`encrypt takes a string: got ${describe(plaintext)}`)
      return vault.encrypt(plaintext, 'string')
    },
    async decrypt (ciphertext) {
      if (typeof ciphertext !== 'string') throw new TypeError(`decrypt takes a string: got ${describe(ciphertext)}`)
      return vault.decrypt(ciphertext)
    }
  }
  vaults.set(made, vault)
  return made
}

/** What is behind one of our adapters; undefined for an app's own. */
const vaultOf = adapter => vaults.get(adapter)

module.exports = { createKrupteinAdapter, createLegacyAdapter, createWebCryptoAdapter, vaultOf }
