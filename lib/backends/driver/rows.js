'use strict'

const { isDate } = require('node:util/types')

const { encodeId } = require('../../ids')
const { Document } = require('./documents')

// connect-mongo's rows, { _id, session, expires, lastModified?, createdAt?, updatedAt? }, as the driver takes
// and gives them. Dates are milliseconds since the epoch here.

/**
 * An id, given what `transformId` made: `key` tells ids apart as MongoDB does, `value` is what the driver
 * takes. It is a value to compare with, never a query operator.
 */
function makeId (given) {
  encodeId(given) // throws for what is no id
  // What fits a number is the same number to MongoDB. Drivers before 5 know no bigint.
  if (typeof given === 'bigint' && Number.isSafeInteger(Number(given))) given = Number(given)
  const value = given instanceof Uint8Array && !Buffer.isBuffer(given) ? Buffer.from(given) : given
  return { key: keyOf(value), value }
}

/** The id in a row that the driver has read. */
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

/** What a row tells. `expires` is undefined if there is no such field, null if it is no date. */
function readRow (document) {
  const { session = null, expires, lastModified } = document
  return {
    value: session,
    expires: expires === undefined ? undefined : millis(expires),
    lastModified: millis(lastModified)
  }
}

function millis (date) {
  return isDate(date) ? date.getTime() : null
}

/**
 * A row as a get finds it, after the touches that were called before it; null when it has expired at `now`.
 * No `expires` at all means that it never does; anything but a date after now, that it has.
 */
function liveRow ({ value, expires, lastModified }, overlay, now) {
  if (overlay.expires !== null) expires = overlay.expires
  if (expires === null || expires <= now) return null
  return { value, expires: expires ?? null, lastModified: overlay.lastModified ?? lastModified }
}

/** The update document of a statement. */
function updateOf ({ value, dates }, timestamps) {
  const $set = {}
  const upserts = value !== undefined
  if (upserts) $set.session = value instanceof Document ? value.value : value
  if (dates.expires !== null) $set.expires = new Date(dates.expires)
  if (dates.lastModified !== null) $set.lastModified = new Date(dates.lastModified)
  if (!timestamps) return { $set }
  const $currentDate = { updatedAt: true }
  return upserts ? { $set, $setOnInsert: { createdAt: new Date() }, $currentDate } : { $set, $currentDate }
}

/** What a value counts against the bounds, in bytes, more or less. */
function sizeOf (value) {
  return value instanceof Document ? value.bytes : value?.length ?? 0
}

module.exports = { liveRow, makeId, readId, readRow, sizeOf, updateOf }
