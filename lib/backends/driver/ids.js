'use strict'

const { isDate } = require('util/types')

const { encodeId } = require('../../session/ids')

// The ids of sessions and rows, as the driver takes and gives them. Each is `{ key, value }`: `key` tells ids
// apart as MongoDB does, `value` is what the driver takes.

/** Of what `transformId` made. It is a value to compare with, never a query operator. */
function makeId (given) {
  encodeId(given) // throws for what is no id
  // What fits a number is the same number to MongoDB. Drivers before 5 know no bigint.
  if (typeof given === 'string') given = wellFormed(given)
  if (typeof given === 'bigint' && Number.isSafeInteger(Number(given))) given = Number(given)
  const value = given instanceof Uint8Array && !Buffer.isBuffer(given) ? Buffer.from(given) : given
  return { key: keyOf(value), value }
}

/** As a text is stored: in UTF-8 there are no lone surrogates, and the row would not be known again. */
function wellFormed (text) {
  return text.isWellFormed?.() === false ? text.toWellFormed() : text
}

/** Of what the driver has read. */
function readId (value) {
  return { key: keyOf(value), value: value?._bsontype === 'Binary' && value.sub_type === 0 ? bytesOf(value) : value }
}

function keyOf (value) {
  switch (typeof value) {
    case 'string': return `s${value}`
    case 'number':
    case 'bigint': return `n${value}`
  }
  if (isDate(value)) return `d${value.getTime()}`
  if (value instanceof Uint8Array) return `b0:${hex(value)}`
  switch (value?._bsontype) {
    case 'ObjectId':
    case 'ObjectID': return `o${value.toHexString()}`
    case 'Binary': return `b${value.sub_type}:${hex(bytesOf(value))}`
    case 'Long':
    case 'Int32':
    case 'Double': return `n${value.toString()}`
  }
  return `?${JSON.stringify(value)}`
}

function bytesOf ({ buffer, position }) {
  return Buffer.from(buffer.subarray(0, position))
}

function hex (bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

module.exports = { makeId, readId }
