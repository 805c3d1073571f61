'use strict'

const { UNDECRYPTABLE } = require('../session/unreadable')

/**
 * A stored session that cannot be decrypted. `reason` is for people and says nothing of what is stored;
 * `cause` is the error of an app's own adapter.
 */
class UndecryptableError extends Error {
  constructor (reason, cause) {
    super(`the stored session cannot be decrypted: ${reason}`, cause === undefined ? undefined : { cause })
    this.name = 'UndecryptableError'
    this.code = UNDECRYPTABLE
  }
}

module.exports = { UndecryptableError }
