'use strict'

const { isDate } = require('util/types')

const { Document } = require('./documents')

// A row as the backend knows it, whatever its layout: `{ value, expires, lastModified }`. Dates are
// milliseconds since the epoch. Of `expires`, undefined is none: the session lives for ever; so does it with
// Infinity, which is on its way to the server; and null is something that is no date.

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
function liveRow ({ value, expires, lastModified }, overlay, latestExpired) {
  if (overlay.expires !== null) expires = overlay.expires
  if (expires === null || expires <= latestExpired) return null
  return {
    value,
    expires: Number.isFinite(expires) ? expires : null,
    lastModified: overlay.lastModified ?? lastModified
  }
}

/** What a value counts against the bounds, in bytes, more or less. */
function sizeOf (value) {
  return value instanceof Document ? value.bytes : value?.length ?? 0
}

module.exports = { liveRow, NO_DATES, millis, sizeOf }
