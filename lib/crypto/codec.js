'use strict'

const bson = require('../session/bson')
const { createCodec, decodeValue, encodeJson, encodeValue, identity, plain, rawValue } = require('../session/codec')
const { then } = require('../session/unreadable')
const { vaultOf } = require('./adapters')
const { appCipher } = require('./app-adapter')
const { isPromise, unawaited } = require('../support/realm')

// Between a session and the encrypted string in its row. Each side may return a promise (see vault.js).
//
// Rows that hold an embedded document are read as they are, as connect-mongo 6 does: so a collection of such
// rows can be encrypted session by session. Rows that hold a string must be encrypted.

/**
 * The codec of a store whose options ask for encryption, as session/codec.js has it. `documents`: of its
 * backend.
 */
function createEncryptedCodec (form, documents = bson) {
  const cipher = vaultOf(form.encryption) ?? appCipher(form.encryption, form.operationTimeoutMS)
  const steps = (form.dialect === 'legacy' ? legacyCodec : modernCodec)(form, cipher, documents)
  return {
    ...steps,
    hasHook: Boolean(form.unserialize),
    encode: session => steps.seal(steps.prepare(session))
  }
}

/** A session as the text that is encrypted. `kind`: what it is to the format. */
class Plaintext {
  constructor (text, kind) {
    this.text = text
    this.kind = kind
  }
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
  const prepare = session => {
    const value = hooks || !stringify ? (serialize ?? plain)(session) : encodeJson(session)
    if (value === null || value === undefined) return null
    if (typeof value === 'string') return new Plaintext(value, 'string')
    if (isPromise(unawaited(value))) throw new TypeError('serialize must not return a promise')
    return new Plaintext(JSON.stringify(value), 'json')
  }
  return {
    prepare,
    seal: plaintext => plaintext && sized(cipher.encrypt(plaintext.text, plaintext.kind), plaintext.text),
    open: value => typeof value === 'string' ? then(cipher.decrypt(value), text => new Plaintext(text)) : value,
    revive: opened => opened instanceof Plaintext ? read(opened.text) : decodeDocument(opened),
    ...trees(read, documents, prepare)
  }
}

/**
 * connect-mongo 3.x's, which encrypts first and then serializes: its hooks get to see the encrypted text, and
 * `unserialize` the session's JSON too. Whatever `stringify` says, sessions are stored as JSON: with false,
 * connect-mongo stored what it could not read.
 */
function legacyCodec ({ serialize, unserialize }, cipher, documents) {
  const decodeDocument = documentDecoder(unserialize, documents)
  const decrypted = sealed => then(cipher.decrypt(sealed), text => new Plaintext(text))
  const read = text => {
    if (unserialize) return unserialize(text)
    const value = parse(text)
    return typeof value === 'string' ? decodeValue(value, documents) : value
  }
  const prepare = session => {
    const text = encodeJson(session)
    return text === null ? null : new Plaintext(text, 'string')
  }
  return {
    prepare,
    seal (plaintext) {
      if (plaintext === null) return null
      const sealed = cipher.encrypt(plaintext.text, 'string')
      const hook = sealed => encodeValue(serialize(JSON.parse(sealed)), documents)
      return sized(serialize ? then(sealed, hook) : sealed, plaintext.text)
    },
    open (value) {
      if (!unserialize) return typeof value === 'string' ? decrypted(value) : value
      const sealed = unserialize(rawValue(value, documents))
      if (typeof sealed === 'string') return decrypted(sealed)
      if (typeof value === 'string' || typeof sealed?.ct === 'string') return decrypted(JSON.stringify(sealed) ?? '')
      return sealed
    },
    revive (opened) {
      if (opened instanceof Plaintext) return read(opened.text)
      return unserialize ? opened : decodeDocument(opened)
    },
    ...trees(read, documents, prepare)
  }
}

/** What a hook has made a text of that is no JSON, only the other hook can read. */
function trees (read, documents, prepare) {
  const treeOf = ({ text }) => {
    let value = parse(text)
    if (typeof value === 'string') value = parse(value)
    return typeof value === 'string' ? read(text) : value
  }
  const isJson = ({ text }) => typeof parse(text) === 'object'
  return {
    toTree: opened => opened instanceof Plaintext ? treeOf(opened) : rawValue(opened, documents),
    fromTree: (tree, like) => like && isJson(like) ? new Plaintext(JSON.stringify(tree), like.kind) : prepare(tree)
  }
}

/** Gives a promise the property `bytes`, about its string's length, which counts for the queue's limit. */
function sized (stored, text) {
  return isPromise(stored) ? Object.assign(stored, { bytes: 2 * text.length }) : stored
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

module.exports = { createEncryptedCodec }
