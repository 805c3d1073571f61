'use strict'

const crypto = require('crypto')
const der = require('./der')

// The seven families' rows, byte for byte: text ↔ the string in a row's `session` field. Pure but for random
// IVs: no keys are made here, and nothing waits. (This runs on the worker thread, too.)

/**
 * What a stored string looks like: { shape, salt, … }, or null when it is of no family. Families share
 * shapes, so that the shape alone does not decide the family.
 */
function parse (stored, suites) {
  if (stored.startsWith('{') || stored.startsWith('"')) return parseJson(stored, suites)
  const { A, W } = suites
  if (A) {
    // In hex a SEQUENCE begins with 30, in base64 with M.
    const encoding = stored.startsWith('30') ? 'hex' : A.encoding === 'hex' ? 'base64' : A.encoding
    const bytes = Buffer.from(stored, encoding)
    const parts = der.decode(bytes)
    if (parts !== null && (parts.length === 6 || parts.length === 4)) {
      if (!canonical(stored, bytes, encoding)) return null
      const [ct, hmac, iv, salt, at = EMPTY, aad = EMPTY] = parts
      const shape = hmac.length === digestSize(A.digest) ? 'raw' : 'text'
      return { shape, encoding, ct, hmac, iv, salt, at, aad, parts: parts.length }
    }
  }
  return W ? { shape: 'web', salt: W.salt } : null
}

const EMPTY = Buffer.alloc(0)

/** What kruptein 2 made, and connect-mongo 3.x, which wrapped it in one more layer of JSON. */
function parseJson (stored, suites) {
  let row = json(stored)
  if (typeof row === 'string') row = json(row)
  if (typeof row?.ct !== 'string' || typeof row.hmac !== 'string') return null
  const usual = suites.K2?.encoding
  const encoding = /^(?:[0-9a-f]{2})+$/.test(row.hmac) ? 'hex' : usual === 'hex' ? 'base64' : usual
  if (typeof row.iv === 'string') {
    const at = octets(row.at)
    if (at === null || typeof row.aad !== 'string') return null
    return { shape: 'K0', encoding, ct: row.ct, hmac: row.hmac, iv: row.iv, aad: row.aad, at }
  }
  const [iv, salt, at] = [octets(row.iv), octets(row.salt), row.at === undefined ? EMPTY : octets(row.at)]
  if (iv === null || salt === null || at === null) return null
  const aad = typeof row.aad === 'string' ? row.aad : ''
  return { shape: 'K2', encoding, ct: Buffer.from(row.ct), hmac: Buffer.from(row.hmac), iv, salt, at, aad: Buffer.from(aad) }
}

function json (text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The bytes of a Buffer's JSON, or null. */
function octets (value) {
  if (value?.type !== 'Buffer' || !Array.isArray(value.data)) return null
  return value.data.every(byte => Number.isInteger(byte) && byte >= 0 && byte < 256) ? Buffer.from(value.data) : null
}

/** The families that a shape may be of, those that share a key together. */
const OF_SHAPE = {
  K0: [['K0']],
  K2: [['K2']],
  text: [['A', 'B'], ['C']],
  raw: [['D']],
  web: [['W']]
}

/** What is decrypted, by the first of `families` whose MAC and tag are right, or null. */
function open (stored, families, suites, key) {
  const row = parse(stored, suites)
  for (const family of families) {
    const suite = { ...suites[family], encoding: row.encoding ?? suites[family].encoding }
    try {
      const text = READ[family](row, suite, key, stored)
      if (text !== null) return text
    } catch {
      // OpenSSL's word for "was changed", or for an IV that is none.
    }
  }
  return null
}

/** A row with this text, `kind` 'string', or with what it is the JSON of, `kind` 'json'. */
function seal (text, kind, family, suite, { key, salt }) {
  return WRITE[family](text, kind, suite, key, salt)
}

// Reading. Each has its MAC compared in constant time before anything is decrypted, and its tag, where there
// is one, in full length.

const READ = {
  K0 (row, suite, key) {
    const cipherKey = Buffer.from(keyTextK0(key, suite))
    if (!equal(hmac(suite, cipherKey, row.ct), row.hmac)) return null
    return decipher(suite, cipherKey, { ...row, iv: Buffer.from(row.iv), aad: Buffer.from(row.aad) }, row.ct)
  },
  K2: (row, suite, key) => readText(row, suite, key, row.ct),
  A: (row, suite, key) => readText(row, suite, key, row.ct),
  B: (row, suite, key) => readText(row, suite, key, lossy(row.ct, row.salt, row.iv)),
  C: (row, suite, key) => readText(row, suite, key, lossy(row.ct, row.salt, row.iv)),

  D (row, suite, key) {
    const mac = crypto.createHmac(suite.digest, key).update(row.ct).update(row.salt).update(row.iv).digest()
    if (row.parts !== 6 || row.hmac.length !== mac.length || !crypto.timingSafeEqual(mac, row.hmac)) return null
    const text = decipher(suite, key, row, row.ct)
    return text === null ? null : unwrapD(text)
  },

  W (row, suite, key, stored) {
    const bytes = Buffer.from(stored, suite.encoding)
    if (!canonical(stored, bytes, suite.encoding)) return null
    const end = suite.aead ? bytes.length - suite.tagSize : bytes.length
    if (end < suite.ivSize) return null
    const parts = { iv: bytes.subarray(0, suite.ivSize), at: bytes.subarray(end), aad: EMPTY }
    return decipher(suite, key, parts, bytes.subarray(suite.ivSize, end))
  }
}

/** `ct`, `hmac` and `aad` are text. `signed`: what the MAC is of. */
function readText (row, suite, key, signed) {
  if (!equal(hmac(suite, key, signed), row.hmac.toString())) return null
  const aad = row.aad.toString()
  const aadBytes = Buffer.from(aad, suite.encoding)
  if (!canonical(aad, aadBytes, suite.encoding)) return null // the MAC is not of this one
  return decipher(suite, key, { ...row, aad: aadBytes }, Buffer.from(row.ct.toString(), suite.encoding))
}

function decipher ({ algorithm, aead, encoding, tagSize }, key, { iv, at, aad }, ct) {
  // Without this, OpenSSL would take a tag of 4 bytes for a good one.
  if (aead && at.length !== tagSize) return null
  const decipher = crypto.createDecipheriv(algorithm, key, iv, { authTagLength: tagSize })
  if (aead) decipher.setAuthTag(at)
  if (aead && aad.length > 0) decipher.setAAD(aad)
  const head = typeof ct === 'string' ? decipher.update(ct, encoding) : decipher.update(ct)
  const tail = decipher.final()
  return (tail.length > 0 ? Buffer.concat([head, tail]) : head).toString()
}

// Writing.

const WRITE = {
  K0 (text, kind, suite, key) {
    const keyText = keyTextK0(key, suite)
    const iv = crypto.randomBytes(suite.ivSize).toString(suite.encoding)
    const aad = crypto.createHmac(suite.digest, iv + keyText).update(text).digest(suite.encoding)
    const parts = encipher(suite, Buffer.from(keyText), Buffer.from(iv), Buffer.from(aad), text)
    const ct = parts.ct.toString(suite.encoding)
    const row = { hmac: hmac(suite, Buffer.from(keyText), ct), ct, at: parts.at, aad, iv }
    return JSON.stringify(JSON.stringify(row))
  },
  K2 (text, kind, suite, key, salt) {
    const { ct, iv, aad, at } = encipherText(text, kind, suite, key)
    return JSON.stringify({ hmac: hmac(suite, key, ct), ct, iv, salt, ...(suite.aead ? { aad, at } : {}) })
  },
  A (text, kind, suite, key, salt) {
    const parts = encipherText(text, kind, suite, key)
    return wrapText(parts, hmac(suite, key, parts.ct), suite, salt)
  },
  B (text, kind, suite, key, salt) {
    const parts = encipherText(text, kind, suite, key)
    return wrapText(parts, hmac(suite, key, lossy(parts.ct, salt, parts.iv)), suite, salt)
  },
  C: (...row) => WRITE.B(...row), // their keys differ

  D (text, kind, suite, key, salt) {
    const value = kind === 'string' ? JSON.stringify(text) : text
    const iv = crypto.randomBytes(suite.ivSize)
    const aad = randomAad(suite)
    const { ct, at } = encipher(suite, key, iv, aad, `{"type":"${kind}","value":${value}}`)
    const mac = crypto.createHmac(suite.digest, key).update(ct).update(salt).update(iv).digest()
    return der.encode([ct, mac, iv, salt, at, aad]).toString(suite.encoding)
  },

  W (text, kind, suite, key) {
    const iv = crypto.randomBytes(suite.ivSize)
    const { ct, at } = encipher(suite, key, iv, EMPTY, text)
    return Buffer.concat([iv, ct, at]).toString(suite.encoding)
  }
}

function encipherText (text, kind, suite, key) {
  const iv = crypto.randomBytes(suite.ivSize)
  const aad = randomAad(suite)
  const { ct, at } = encipher(suite, key, iv, aad, kind === 'string' ? JSON.stringify(text) : text)
  return { ct: ct.toString(suite.encoding), iv, at, aad: aad.toString(suite.encoding) }
}

function wrapText ({ ct, iv, at, aad }, mac, suite, salt) {
  const parts = [Buffer.from(ct), Buffer.from(mac), iv, salt]
  if (suite.aead) parts.push(at, Buffer.from(aad))
  return der.encode(parts).toString(suite.encoding)
}

function encipher ({ algorithm, aead, tagSize }, key, iv, aad, text) {
  const cipher = crypto.createCipheriv(algorithm, key, iv, { authTagLength: tagSize })
  if (aead && aad.length > 0) cipher.setAAD(aad)
  const head = cipher.update(text, 'utf8')
  const tail = cipher.final()
  return { ct: tail.length > 0 ? Buffer.concat([head, tail]) : head, at: aead ? cipher.getAuthTag() : EMPTY }
}

/** kruptein's are the MAC of the text under a random key that it throws away: as random as these. */
function randomAad ({ aead, digest }) {
  return aead ? crypto.randomBytes(digestSize(digest)) : EMPTY
}

// What both need.

/** connect-mongo 3.x's key is text. */
function keyTextK0 (key, { encoding, keySize }) {
  return key.toString(encoding).slice(0, keySize)
}

/** connect-mongo 3.x's only salt. */
function saltK0 ({ bytes }, { digest, encoding }) {
  return crypto.createHash(digest).update(bytes).digest(encoding).slice(0, 16)
}

function hmac ({ digest, encoding }, key, signed) {
  return crypto.createHmac(digest, key).update(signed).digest(encoding)
}

/** What kruptein 3.1 to 3.3 sign: bytes read as UTF-8, whatever they are. */
function lossy (ct, salt, iv) {
  return `${ct}${salt}${iv}`
}

/** Compares in constant time, so that an attacker does not learn how many bytes were right. */
function equal (expected, found) {
  const [a, b] = [Buffer.from(expected), Buffer.from(found)]
  return a.length === b.length && crypto.timingSafeEqual(a, b)
}

/** Whether text is the one way to write these bytes: decoders let much pass that nobody wrote. */
function canonical (text, bytes, encoding) {
  return bytes.toString(encoding) === text
}

/** What kruptein 3.4 adds: the type of what it was given. */
function unwrapD (text) {
  const row = json(text)
  if (typeof row?.type !== 'string') return typeof row === 'string' ? row : text
  return typeof row.value === 'string' ? row.value : JSON.stringify(row.value) ?? text
}

const sizes = new Map()

function digestSize (digest) {
  if (!sizes.has(digest)) sizes.set(digest, crypto.createHash(digest).digest().length)
  return sizes.get(digest)
}

module.exports = { OF_SHAPE, open, parse, saltK0, seal }
