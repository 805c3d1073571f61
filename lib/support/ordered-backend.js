'use strict'

const { DeliveryOrder } = require('./delivery-order')
const { isPromise } = require('./realm')

/**
 * A backend on top of another, whose outcomes come out in the order in which the other delivers them. What is
 * to be done with sessions on their way, its subclasses add.
 */
class OrderedBackend {
  constructor (backend) {
    this.backend = backend
    this.order = new DeliveryOrder()
  }

  /** Fails with the value's own error if that failed: the core reports only that it got no value. */
  setValue (id, value, dates, step) {
    let failure
    if (isPromise(value)) value.catch(error => { failure = { error } })
    return this.order.pass(this.backend.set(id, value, dates), step, error => {
      throw failure ? failure.error : error
    })
  }

  touch (id, dates) { return this.order.pass(this.backend.touch(id, dates)) }
  destroy (id) { return this.order.pass(this.backend.destroy(id)) }
  discard (id, value) { return this.order.pass(this.backend.discard(id, value)) }
  ids (options) { return this.order.pass(this.backend.ids(options)) }
  idsWhere (filter) { return this.order.pass(this.backend.idsWhere(filter)) }
  countWhere (filter) { return this.order.pass(this.backend.countWhere(filter)) }
  destroyWhere (filter, except) { return this.order.pass(this.backend.destroyWhere(filter, except)) }
  count () { return this.order.pass(this.backend.count()) }
  clear () { return this.order.pass(this.backend.clear()) }
  ping () { return this.order.pass(this.backend.ping()) }
  sweep () { return this.order.pass(this.backend.sweep()) }
  close () { return this.order.pass(this.backend.close()) }
  stats () { return this.backend.stats() }
}

module.exports = { OrderedBackend }
