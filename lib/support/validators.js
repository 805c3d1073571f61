'use strict'

const { warn } = require('./warnings')

/** The server's code of a row that the collection's validator refuses. */
const DOCUMENT_VALIDATION_FAILURE = 121

/** Warns when it is for the collection's own rules that a set has failed. */
function warnIfRefused (error, collection) {
  if (error?.code !== DOCUMENT_VALIDATION_FAILURE) return
  warn('CONNECT_MONGO_COLLECTION', `${collection}: its validator has refused a session, and fails every set whose row ` +
    'it refuses. Remedy: let it pass the rows of this store, or name another collection')
}

module.exports = { warnIfRefused }
