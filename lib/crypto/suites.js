'use strict'

const crypto = require('crypto')
const { describe } = require('../support/describe')
const { number, string } = require('../support/option-values')

// What each family's rows are made with, by an app's options: algorithms, sizes in bytes, encoding of text.
//
//   K0  connect-mongo 3.x (`secret`)
//   K2  connect-mongo 4.1 to 4.2.0, with kruptein 2.2
//   A   connect-mongo 4.2.2 to 5.1 with kruptein 3.0; connect-mongo 6.0
//   B   … with kruptein 3.1.1
//   C   … with kruptein 3.1.3 to 3.3
//   D   … with kruptein 3.4
//   W   connect-mongo 6.0 with createWebCryptoAdapter
//
// A family that an algorithm does not go with is null: no row of it can exist.

const FAMILIES = ['K0', 'K2', 'A', 'B', 'C', 'D', 'W']

/** Rounds of PBKDF2. */
const ROUNDS = { K0: 10_000, K2: 15_000, A: 15_000, B: 15_000, C: 20_000, D: 20_000 }

const KRUPTEIN = { algorithm: 'aes-256-gcm', encodeas: 'base64', key_size: 32, iv_size: 16, at_size: 16 }

const ENCODINGS = ['hex', 'base64', 'base64url', 'latin1', 'binary']

const WEB_SALT = 'connect-mongo:webcrypto-default-salt'
const WEB_ROUNDS = 310_000

/** The suites for the options of `crypto`, or of connect-mongo 3.x beside its `secret`. */
function krupteinSuites (options, { prefix = 'crypto.', noHashing = 'sha384' } = {}) {
  const read = (name, fallback) => string(prefix + name, options[name] || undefined, fallback)
  const size = name => number(prefix + name, options[name] || undefined, {
    fallback: KRUPTEIN[name], unit: 'bytes', min: 1, max: 1024
  })
  const algorithm = read('algorithm', KRUPTEIN.algorithm)
  // When the option is there and empty, kruptein's own default shows.
  const hashing = read('hashing', 'hashing' in options ? noHashing : 'sha512')
  const encoding = read('encodeas', KRUPTEIN.encodeas)
  if (!ENCODINGS.includes(encoding)) throw wrong(prefix + 'encodeas', `one of ${ENCODINGS.join(', ')}`, options.encodeas)
  if (!isHash(hashing)) throw wrong(prefix + 'hashing', 'a hash that OpenSSL has', options.hashing)
  if (options.use_argon2) throw new TypeError(`${prefix}use_argon2 is not supported`)
  if (options.use_asn1 === false) throw new TypeError(`${prefix}use_asn1: false is not supported`)

  const given = { keySize: size('key_size'), ivSize: size('iv_size'), tagSize: size('at_size') }
  const text = options.encodeas ? encoding : 'hex' // of K0 and K2, whose default was hex
  const common = {
    algorithm, digest: hashing, encoding, aead: /ccm|gcm|ocb/.test(algorithm), saltSize: 128,
    kdf: options.use_scrypt ? 'scrypt' : 'pbkdf2'
  }
  const suites = {
    K0: { ...common, ...given, encoding: text, kdf: 'pbkdf2', ivLength: Buffer.alloc(given.ivSize).toString(text).length },
    K2: { ...common, ...usualSizes(algorithm), encoding: text },
    A: { ...common, ...usualSizes(algorithm) },
    B: { ...common, ...usualSizes(algorithm) },
    C: { ...common, ...usualSizes(algorithm) },
    D: { ...common, ...given }
  }
  for (const [family, suite] of Object.entries(suites)) {
    suite.iterations = ROUNDS[family]
    const lengths = { keyLength: suite.keySize, ivLength: suite.ivLength ?? suite.ivSize }
    if (!accepted(family, suite) || !crypto.getCipherInfo(algorithm, lengths)) suites[family] = null
  }
  if (Object.values(suites).every(suite => suite === null)) {
    throw wrong(prefix + 'algorithm', 'a cipher that connect-mongo encrypts sessions with, such as aes-256-gcm',
      options.algorithm)
  }
  return suites
}

/** What connect-mongo 3.x and kruptein could use, or agreed to. */
function accepted (family, { algorithm, encoding }) {
  switch (family) {
    case 'K0': return /gcm/.test(algorithm) && !['latin1', 'binary'].includes(encoding) // its key is UTF-8
    case 'D': return !/ccm|ecb|ocb2|xts|aes-128|aes128/i.test(algorithm)
    default: return !/ccm|ecb|ocb2|xts/.test(algorithm)
  }
}

/** kruptein's, up to 3.3, which did not read the sizes that connect-mongo passed it. */
function usualSizes (algorithm) {
  const aes = /aes/.test(algorithm)
  const keySize = aes && /128/.test(algorithm) ? 16 : aes && /192/.test(algorithm) ? 24 : 32
  return { keySize, ivSize: /ccm|ocb|gcm/i.test(algorithm) ? 12 : 16, tagSize: 16 }
}

function isHash (name) {
  try {
    return Boolean(crypto.createHash(name))
  } catch {
    return false
  }
}

/** The suite of createWebCryptoAdapter. */
function webSuite ({ ivLength, encoding, algorithm = 'AES-GCM', salt, iterations } = {}) {
  const algorithms = { 'AES-GCM': 'aes-256-gcm', 'AES-CBC': 'aes-256-cbc' }
  const cipher = algorithms[String(algorithm).toUpperCase()] // names are case-insensitive in Web Crypto
  if (cipher === undefined) throw wrong('algorithm', 'AES-GCM or AES-CBC', algorithm)
  const aead = cipher === 'aes-256-gcm'
  const ivSize = number('ivLength', ivLength ?? undefined, {
    fallback: algorithm === 'AES-GCM' ? 12 : 16, unit: 'bytes', min: aead ? 1 : 16, max: aead ? 1024 : 16
  })
  return {
    algorithm: cipher,
    digest: 'sha256',
    // Any other name was base64.
    encoding: encoding === 'hex' || encoding === 'base64url' ? encoding : 'base64',
    aead,
    keySize: 32,
    ivSize,
    tagSize: 16,
    kdf: 'pbkdf2',
    iterations: number('iterations', iterations, { fallback: WEB_ROUNDS, unit: 'rounds', min: 1, max: 2 ** 31 - 1 }),
    salt: Buffer.from(bytesOf(salt ?? WEB_SALT, 'salt'))
  }
}

/** Text or bytes as what Buffer.from takes: a typed array's bytes, not its items. */
function bytesOf (value, name) {
  if (typeof value === 'string' || value instanceof ArrayBuffer) return value
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError(`${name} must be a string, an ArrayBuffer or a view of one: got ${describe(value)}`)
}

function wrong (name, wanted, value) {
  return new TypeError(`${name} must be ${wanted}: got ${describe(value)}`)
}

module.exports = { bytesOf, FAMILIES, krupteinSuites, webSuite }
