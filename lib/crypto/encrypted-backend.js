'use strict'

const { DeliveryOrder } = require('../support/delivery-order')
const { isPromise, Promise } = require('../support/realm')

/**
 * A backend that takes and returns sessions, on top of one that stores them encrypted. However long
 * encryption and decryption take, outcomes come out in the order in which the other backend delivers them.
 */
class EncryptedBackend {
  #backend
  #codec
  #order = new DeliveryOrder()

  constructor (backend, codec) {
    this.#backend = backend
    this.#codec = codec
  }

  get (id) {
    return this.#order.pass(this.#backend.get(id), row => row && this.#decrypted(row))
  }

  /** Fails with the encryption's error if that failed: the core reports only that it got no value. */
  set (id, session, dates) {
    let failure
    const value = this.#codec.encode(session)
    if (isPromise(value)) value.catch(error => { failure = { error } })
    return this.#order.pass(this.#backend.set(id, value, dates), undefined, error => {
      throw failure ? failure.error : error
    })
  }

  scan (options) {
    return this.#order.pass(this.#backend.scan(options), async ({ rows, next }) => ({
      rows: await Promise.all(rows.map(async row => this.#decrypted(row))), next
    }))
  }

  touch (id, dates) { return this.#order.pass(this.#backend.touch(id, dates)) }
  destroy (id) { return this.#order.pass(this.#backend.destroy(id)) }
  ids (options) { return this.#order.pass(this.#backend.ids(options)) }
  count () { return this.#order.pass(this.#backend.count()) }
  clear () { return this.#order.pass(this.#backend.clear()) }
  ping () { return this.#order.pass(this.#backend.ping()) }
  sweep () { return this.#order.pass(this.#backend.sweep()) }
  close () { return this.#order.pass(this.#backend.close()) }
  stats () { return this.#backend.stats() }

  #decrypted (row) {
    const value = this.#codec.decode(row.value)
    return isPromise(value) ? value.then(value => ({ ...row, value })) : { ...row, value }
  }
}

module.exports = { EncryptedBackend }
