'use strict'

const { isOn } = require('../../support/index-keys')

/**
 * { [idField]: id, session, [expiresKey]: Date }. With the default fields, _id and expires, these are rows of
 * connect-mongo as they are.
 */
class ConnectMongodbSession {
  name = 'connect-mongodb-session'
  strange = { session: { $exists: false } }

  #idField
  #expiresKey

  /** The package's options of these names. */
  constructor ({ idField, expiresKey }) {
    this.#idField = idField
    this.#expiresKey = expiresKey
    this.source = { session: { $exists: true }, [idField]: { $exists: true } }
    this.converted = { session: { $exists: true }, [idField]: { $exists: false } }
  }

  /** Whether nothing has to be moved, but to another collection. */
  get isOurs () {
    return this.#idField === '_id' && this.#expiresKey === 'expires'
  }

  /** Whether a row would have to take its own place. */
  get staysInPlace () {
    return this.#idField === '_id'
  }

  read (row) {
    return { _id: row._id, sid: row[this.#idField], data: row.session, expires: row[this.#expiresKey] }
  }

  filter ({ _id, data, expires }) {
    return { _id, [this.#expiresKey]: expires, ...data && { session: data } }
  }

  obsolete (index) {
    return this.#expiresKey !== 'expires' && isOn(this.#expiresKey, index)
  }
}

module.exports = { ConnectMongodbSession }
