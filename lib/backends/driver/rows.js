'use strict'

const { isDate } = require('util/types')

const { Document } = require('./documents')

// A row as the backend knows it, whatever its layout: `{ value, expires, lastModified, ends }`. Dates are
// milliseconds since the epoch. Of `expires`, undefined is none: the session lives for ever; so does it with
// Infinity, which is on its way to the server; and null is something that is no date. It expires when its
// lifetime `ends`, whatever touches it; undefined: that is not limited.

/** Of a row that no touch changes. */
const NO_DATES = { expires: null, lastModified: null }

/** The milliseconds of a date; null of anything else, such as BSON's dates beyond those of JavaScript. */
function millis (date) {
  return isDate(date) && !Number.isNaN(date.getTime()) ? date.getTime() : null
}

/**
 * A row as a get finds it, after the touches that were called before it; null if that is not at all.
 * `latestExpired`: the latest `expires` that it no longer finds.
 */
function liveRow ({ value, expires, lastModified, ends }, overlay, latestExpired) {
  expires = expiresBy(overlay.expires ?? expires, ends)
  if (expires === null || expires <= latestExpired) return null
  return {
    value,
    expires: Number.isFinite(expires) ? expires : null,
    lastModified: overlay.lastModified ?? lastModified
  }
}

/** When a row expires, its lifetime considered. */
function expiresBy (expires, ends) {
  return ends === undefined || expires === null || expires <= ends ? expires : ends
}

/** What a value counts against the bounds, in bytes, more or less. */
function sizeOf (value) {
  return value instanceof Document ? value.bytes : value?.length ?? 0
}

module.exports = { expiresBy, liveRow, NO_DATES, millis, sizeOf }
