'use strict'

const { then } = require('../session/unreadable')
const { OrderedBackend } = require('../support/ordered-backend')
const { Promise } = require('../support/realm')

/**
 * A backend that takes and returns sessions, on top of one that stores them encrypted. However long
 * encryption and decryption take, outcomes come out in the order in which the other backend delivers them.
 */
class EncryptedBackend extends OrderedBackend {
  #codec
  #fields
  #reader

  /** `fields`: what stands beside the sessions. */
  constructor (backend, codec, reader, fields) {
    super(backend)
    this.#codec = codec
    this.#fields = fields
    this.#reader = reader
  }

  get (id) {
    return this.order.pass(this.backend.get(id), row => row && this.#decrypted(row))
  }

  set (id, session, dates) {
    const prepared = this.#codec.prepare(session)
    // First the fields: what fails by them must leave no encryption that nobody waits for.
    const row = { ...dates, fields: this.#fields.of(prepared) }
    return this.setValue(id, this.#codec.seal(prepared), row)
  }

  scan (options) {
    return this.order.pass(this.backend.scan(options), page => this.#page(page))
  }

  rowsWhere (filter) {
    return this.order.pass(this.backend.rowsWhere(filter), page => this.#page(page))
  }

  async #page ({ rows, next }) {
    return { rows: await Promise.all(rows.map(async row => this.#decrypted(row))), next }
  }

  #decrypted (row) {
    return then(this.#reader.read(row.value), value => ({ ...row, value }))
  }
}

module.exports = { EncryptedBackend }
