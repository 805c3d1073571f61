'use strict'

// Each message is given once per process, however many stores give it: some apps make a store per request.

const given = new Set()

/** One process warning, for humans and for `process.on('warning')`, with a `code` for programs. */
function warn (code, message) {
  if (given.has(message)) return
  given.add(message)
  process.emitWarning(message, { type: 'ConnectMongoWarning', code })
}

module.exports = { warn }
