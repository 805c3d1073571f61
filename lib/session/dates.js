'use strict'

const { isDate } = require('util/types')

// The two dates of a row: `expires`, which mirrors the cookie's, and `lastModified`, which throttles touches.
// Both are milliseconds since the epoch here; `null` is a field that is not there.

/**
 * When a session expires: with its cookie, or else `ttlMS` from now, which may be a function of session and
 * id.
 */
function expiresAt (session, now, ttlMS, sid) {
  const expires = session?.cookie?.expires
  if (expires) {
    // A Date, an ISO string or milliseconds. What is none of these is no expiration: written as it is,
    // js-bson would make it 1970, and the session would be gone at once.
    const time = isDate(expires) ? expires.getTime() : new Date(expires).getTime()
    if (!Number.isNaN(time)) return time
  }
  return now + (typeof ttlMS === 'function' ? ttlMS(session, sid) : ttlMS)
}

/**
 * Lets a touch show. A touch moves the row's `expires` only, so the cookie inside the stored session says
 * when it was to expire at the last `set`: the row knows better. The cookie's own way to write a date is
 * kept, and `originalMaxAge` too.
 */
function showExpires (session, expires) {
  const cookie = session?.cookie
  if (!cookie?.expires) return
  if (Object.hasOwn(cookie, 'maxAge')) takeExpiresLast(cookie)
  if (expires === null) return
  const date = new Date(expires)
  if (Number.isNaN(date.getTime())) return // a BSON date beyond what JavaScript can say
  if (typeof cookie.expires === 'string') cookie.expires = date.toISOString()
  else if (isDate(cookie.expires)) cookie.expires = date
}

/**
 * session-mongoose stored what a cookie derives too. express-session takes the fields one by one, in order: a
 * `maxAge` after `expires` would count from the time of reading.
 */
function takeExpiresLast (cookie) {
  const { expires } = cookie
  delete cookie.expires
  cookie.expires = expires
}

/**
 * The row's `lastModified`, as `get` puts it on a session when `touchAfter` is on: apps see a Date, as with
 * connect-mongo, and `touch` finds it again there. It rides along without being data of the session: it
 * leaves no trace in JSON, so it is neither stored with the session nor part of what express-session compares
 * to learn whether a session has changed. (connect-mongo deletes it from the app's object in `set`, after
 * which express-session saves once more.)
 */
class LastModified extends Date {
  toJSON () {
    return undefined
  }
}

/** An app's own `lastModified` stays what it is, and such a session is touched each time. */
function showLastModified (session, lastModified) {
  if (lastModified === null || typeof session !== 'object' || session === null) return
  if (session.lastModified === undefined) session.lastModified = new LastModified(lastModified)
}

/**
 * When the session was last written, or null if the object does not say. A whole row, as apps' tests pass it,
 * has a plain Date.
 */
function lastModifiedOf (session) {
  const lastModified = session?.lastModified
  return isDate(lastModified) ? lastModified.getTime() : null
}

module.exports = { expiresAt, LastModified, lastModifiedOf, showExpires, showLastModified }
