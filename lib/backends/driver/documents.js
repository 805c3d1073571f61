'use strict'

const { isAnyArrayBuffer, isDate, isMap, isRegExp } = require('util/types')

const { bsonSize } = require('../../session/size')

// Sessions that are stored as documents travel as JavaScript values through the caller's own driver, with its
// own bson. They are copied when they are handed over: until the command is built the app may change them,
// and a value that cannot be stored must fail by itself, not with the operations grouped beside it.

/** What a session takes in BSON, roughly, per value: its type, its name's end and its own bytes. */
const VALUE_BYTES = 10

/** A value on its way to the driver. `bytes`: its approximate size in BSON. */
class Document {
  constructor (value, bytes) {
    this.value = value
    this.bytes = bytes
  }
}

/** Throws for what no document can hold. */
function encode (value) {
  const copier = new Copier()
  return new Document(copier.copy(value), copier.bytes)
}

/** What the driver has read is the app's to keep. */
function decode (value) {
  return bare(value)
}

/** A copy to compare with later: what the driver has read, the app changes. */
function keep (value) {
  return clone(value)
}

/** A value as the driver has it. */
function bare (value) {
  return value instanceof Document ? value.value : value
}

/** A second copy of what the driver has read, for another who asked for the same row. */
function clone (value) {
  return value === null || typeof value !== 'object' ? value : new Copier().copy(value)
}

class Copier {
  bytes = 0
  #parents = []

  copy (value) {
    this.bytes += VALUE_BYTES
    if (typeof value === 'string') this.bytes += value.length
    if (value === null || typeof value !== 'object') return value
    if (isDate(value)) return new Date(value.getTime())
    if (isRegExp(value)) return this.#whole(value)
    // bson 1 takes a Uint8Array for an object with numbered fields.
    if (value instanceof Uint8Array) return this.#buffer(value)
    if (isAnyArrayBuffer(value)) return this.#buffer(new Uint8Array(value))
    if (value._bsontype !== undefined) return this.#whole(value)
    if (this.#parents.includes(value)) throw new TypeError('Converting circular structure to BSON')
    this.#parents.push(value)
    const copy = this.#inside(value)
    this.#parents.pop()
    return copy
  }

  #inside (value) {
    if (typeof value.toBSON === 'function') return this.copy(value.toBSON())
    if (Array.isArray(value)) return value.map(item => this.copy(item))
    if (isMap(value)) return new Map(Array.from(value, ([name, item]) => [name, this.#field(name, item)]))
    return Object.fromEntries(Object.keys(value).map(name => [name, this.#field(name, value[name])]))
  }

  #field (name, item) {
    // Driver 2 sends such a key, and the server then reads another document.
    if (name.includes('\0')) throw new TypeError('key must not contain null bytes')
    this.bytes += name.length
    return this.copy(item)
  }

  #whole (value) {
    this.bytes += bsonSize(value)
    return value
  }

  #buffer (bytes) {
    this.bytes += bytes.length
    return Buffer.from(bytes)
  }
}

/** The driver's own bson does what this package's would be needed for. */
function load () {}

module.exports = { bare, clone, decode, Document, encode, keep, load }
