'use strict'

// What an operation's error says of what has become of it.

/** Of operations that never left: they were refused, or their time was over before there was a server. */
const NOT_SENT = /: not sent|the store has been closed|Unable to find the session to touch/
const NO_SERVER = /^no server within/
const REFUSED = new Set(['MongoQueueFullError'])

/**
 * The server's codes that say by themselves that nothing was stored: BadValue, FailedToParse, Unauthorized,
 * TypeMismatch, BSONObjectTooLarge, DuplicateKey.
 */
const NOTHING_STORED = new Set([2, 9, 13, 14, 10334, 11000])

const MISSED_TOUCH = 'Unable to find the session to touch'

/** 'failed' where the operation has changed nothing, 'unknown' where it may have changed something. */
function outcomeOf ({ name, message, code }) {
  if (REFUSED.has(name) || NOT_SENT.test(message) || NOTHING_STORED.has(code)) return 'failed'
  if (NO_SERVER.test(message) && !message.includes('outcome unknown')) return 'failed'
  return 'unknown'
}

/** Whether a touch says that there is no such row. */
function isMissedTouch ({ message }) {
  return message === MISSED_TOUCH
}

module.exports = { isMissedTouch, outcomeOf }
