'use strict'

const bson = require('../session/bson')
const { createCodec, decodeValue, encodeJson, encodeValue, identity, MISSING, plain, rawValue } = require('../session/codec')
const { vaultOf } = require('./adapters')
const { appCipher } = require('./app-adapter')
const { isUndecryptable } = require('./errors')

// Between a session and the encrypted string in its row. Each side may return a promise (see vault.js).
//
// Rows that hold an embedded document are read as they are, as connect-mongo 6 does: so a collection of such
// rows can be encrypted session by session. Rows that hold a string must be encrypted.

/** The codec of a store whose options ask for encryption. `documents`: of its backend. */
function createEncryptedCodec (form, documents = bson) {
  const cipher = vaultOf(form.encryption) ?? appCipher(form.encryption, form.operationTimeoutMS)
  const { encode, decode } = (form.dialect === 'legacy' ? legacyCodec : modernCodec)(form, cipher, documents)
  return { encode, decode: form.onUndecryptable === 'ignore' ? ignoring(decode) : decode }
}

/** connect-mongo 6's. */
function modernCodec ({ stringify, serialize, unserialize }, cipher, documents) {
  const hooks = serialize || unserialize
  const decodeDocument = documentDecoder(unserialize, documents)
  const read = text => {
    const value = parse(text)
    if (!stringify) return typeof value === 'string' ? parse(value) : value
    if (hooks) return (unserialize ?? identity)(value)
    return typeof value === 'string' ? decodeValue(value, documents) : value
  }
  return {
    encode (session) {
      const value = hooks || !stringify ? (serialize ?? plain)(session) : encodeJson(session)
      if (value === null || value === undefined) return null
      if (typeof value === 'string') return sized(cipher.encrypt(value, 'string'), value)
      if (typeof value.then === 'function') throw new TypeError('serialize must not return a promise')
      const text = JSON.stringify(value)
      return sized(cipher.encrypt(text, 'json'), text)
    },
    decode: value => typeof value === 'string' ? then(cipher.decrypt(value), read) : decodeDocument(value)
  }
}

/**
 * connect-mongo 3.x's, which encrypts first and then serializes: its hooks get to see the encrypted text, and
 * `unserialize` the session's JSON too. Whatever `stringify` says, sessions are stored as JSON: with false,
 * connect-mongo stored what it could not read.
 */
function legacyCodec ({ serialize, unserialize }, cipher, documents) {
  const decodeDocument = documentDecoder(unserialize, documents)
  const read = text => {
    if (unserialize) return unserialize(text)
    const value = parse(text)
    return typeof value === 'string' ? decodeValue(value, documents) : value
  }
  return {
    encode (session) {
      const text = encodeJson(session)
      if (text === null) return null
      const sealed = cipher.encrypt(text, 'string')
      const hook = sealed => encodeValue(serialize(JSON.parse(sealed)), documents)
      return sized(serialize ? then(sealed, hook) : sealed, text)
    },
    decode (value) {
      if (!unserialize) return typeof value === 'string' ? then(cipher.decrypt(value), read) : decodeDocument(value)
      const sealed = unserialize(rawValue(value, documents))
      if (typeof sealed === 'string') return then(cipher.decrypt(sealed), read)
      if (typeof value === 'string' || typeof sealed?.ct === 'string') {
        return then(cipher.decrypt(JSON.stringify(sealed) ?? ''), read)
      }
      return sealed
    }
  }
}

/** Gives a promise the property `bytes`, about its string's length, which counts for the queue's limit. */
function sized (stored, text) {
  return stored instanceof Promise ? Object.assign(stored, { bytes: 2 * text.length }) : stored
}

/** Reads rows that hold a document. The package `bson` is not needed before the first of them. */
function documentDecoder (unserialize, documents) {
  return createCodec({ stringify: true, unserialize }, documents).decode
}

/** JSON, or the text itself if it is none, as connect-mongo 6 has it. */
function parse (text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Rows that cannot be decrypted pass for missing. */
function ignoring (decode) {
  const ignore = error => {
    if (isUndecryptable(error)) return MISSING
    throw error
  }
  return value => {
    try {
      const session = decode(value)
      return session instanceof Promise ? session.catch(ignore) : session
    } catch (error) {
      return ignore(error)
    }
  }
}

/** `then` for a value that may be a promise. */
function then (value, next) {
  return value instanceof Promise ? value.then(next) : next(value)
}

module.exports = { createEncryptedCodec }
