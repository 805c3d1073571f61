'use strict'

const { isDate } = require('util/types')

const bson = require('../session/bson')

// One row of another package, as its format reads it and as connect-mongo has it.

/** What session-mongoose stored of a cookie beside its data: getters of its class. */
const DERIVED = ['_expires', 'maxAge', 'data']

/** What MongoDB takes, with some room for the other fields. Bytes. */
const MAX_SESSION_BYTES = 16 * 1024 * 1024 - 16 * 1024

/**
 * `{ row, bytes, byTtl }`, with about how large the row is, and whether it expires by `ttl`; or `{ reason }`
 * why there is none. `ttlSeconds`: that of the index on usedAt. `ttl`: what rows without an expiration get,
 * in seconds.
 */
function convert (source, options = {}) {
  try {
    return converted(source, options)
  } catch (error) {
    return { reason: `its data cannot be converted (${error.name})` } // the message may quote the session
  }
}

function converted ({ sid, data, expires, usedAt }, { ttlSeconds, ttl, documents = false, now = Date.now() }) {
  if (typeof sid !== 'string' || sid === '') return { reason: 'its sid is no string' }
  const session = sessionOf(data)
  if (session === undefined) return { reason: 'its data is no session: neither a document nor JSON of one' }
  if (expires !== undefined && expires !== null && !isDateOfJavaScript(expires)) return { reason: 'its expires is no date' }
  if (usedAt !== undefined && usedAt !== null && !isDateOfJavaScript(usedAt)) return { reason: 'its usedAt is no date' }
  const stored = documents ? session : JSON.stringify(session)
  const bytes = documents ? bson.encode(stored).length : Buffer.byteLength(stored)
  if (documents && hasOddDate(session)) return { reason: 'its data has a date that JavaScript cannot say' }
  if (bytes > MAX_SESSION_BYTES) return { reason: 'its data is too large in the new form' }
  const row = { _id: sid, session: stored }
  const own = ownExpiration({ expires, usedAt, ttlSeconds })
  if (own !== undefined && !isDateOfJavaScript(own)) return { reason: 'it expires at a date that JavaScript cannot say' }
  const byTtl = own === undefined && ttl !== undefined
  if (own !== undefined) row.expires = own
  else if (byTtl) row.expires = new Date(now + ttl * 1000)
  return { row, bytes, byTtl }
}

/** The session in `data`, a document or JSON; undefined if it is neither. */
function sessionOf (data) {
  let session = data
  if (typeof data === 'string') {
    try {
      session = JSON.parse(data)
    } catch {
      return undefined
    }
  }
  const isDocument = typeof session === 'object' && session !== null && !Array.isArray(session) &&
    session._bsontype === undefined && !isDate(session)
  return isDocument ? withPlainCookie(session) : undefined
}

/** express-session makes a cookie of these fields in order: a stale `maxAge` would come after `expires`. */
function withPlainCookie (session) {
  const { cookie } = session
  if (typeof cookie !== 'object' || cookie === null) return session
  const { data, ...fields } = cookie
  const plain = { ...(typeof data === 'object' ? data : undefined), ...fields }
  if ('_expires' in cookie) plain.expires ??= cookie._expires
  for (const name of DERIVED) {
    if (name !== 'maxAge' || (plain.expires ?? null) !== null) delete plain[name]
  }
  return { ...session, cookie: plain }
}

/** Without one, a row of connect-mongo lives for ever, as a row of session-mongoose without one does. */
function ownExpiration ({ expires, usedAt, ttlSeconds }) {
  if (isDate(usedAt) && ttlSeconds !== undefined) return new Date(usedAt.getTime() + ttlSeconds * 1000)
  return isDate(expires) ? expires : undefined
}

/** BSON has dates beyond what JavaScript can say, and drivers write those as 1970. */
function isDateOfJavaScript (value) {
  return isDate(value) && !Number.isNaN(value.getTime())
}

function hasOddDate (value) {
  if (isDate(value)) return !isDateOfJavaScript(value)
  return typeof value === 'object' && value !== null && !value._bsontype && Object.values(value).some(hasOddDate)
}

/**
 * Whether a stored row is the one that was made before an interruption. With `ttl`, its expiration depends on
 * when that was.
 */
function isMadeBefore (stored, { row, byTtl }) {
  if (JSON.stringify(stored.session) !== JSON.stringify(row.session)) return false
  if (byTtl) return isDate(stored.expires)
  const time = ({ expires }) => isDate(expires) ? expires.getTime() : expires
  return time(stored) === time(row)
}

module.exports = { convert, isMadeBefore }
