'use strict'

/** What was typed cannot be meant: exit code 2. */
class UsageError extends Error {}

module.exports = { UsageError }
