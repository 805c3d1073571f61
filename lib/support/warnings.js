'use strict'

// What a store says once and then lets be. A message is given once per process, however many stores say it:
// apps that make a store per request exist.

const given = new Set()

/** One process warning, for humans and for `process.on('warning')`, with a `code` for programs. */
function warn (code, message) {
  if (given.has(message)) return
  given.add(message)
  process.emitWarning(message, { type: 'ConnectMongoWarning', code })
}

module.exports = { warn }
