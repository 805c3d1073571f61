'use strict'

const { shortId } = require('../session/ids')

/** A save that found its session changed by another request. It shows nothing of either. */
class SessionConflictError extends Error {
  constructor (sid, reason) {
    super(`the session ${shortId(sid)} ${reason}`)
    this.name = 'SessionConflictError'
  }
}

/** Of a row that is as it was read, and yet is not found by that. */
function unmatchable (sid) {
  return new SessionConflictError(sid, 'cannot be saved conditionally: it holds a value that MongoDB no longer finds ' +
    'equal once the driver has read it, such as undefined')
}

module.exports = { SessionConflictError, unmatchable }
