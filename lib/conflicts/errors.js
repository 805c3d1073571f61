'use strict'

const { shortId } = require('../session/ids')

/** A save that found its session changed by another request. It shows nothing of either. */
class SessionConflictError extends Error {
  constructor (sid, reason) {
    super(`the session ${shortId(sid)} ${reason}`)
    this.name = 'SessionConflictError'
  }
}

module.exports = { SessionConflictError }
