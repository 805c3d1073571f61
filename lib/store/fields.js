'use strict'

const { suggestion } = require('../dialects/names')
const { unshared } = require('../session/plain')
const { scalar } = require('../session/scalars')
const { describe } = require('../support/describe')
const { unawaited } = require('../support/realm')

// The fields that an app declares with the option `fields`: stored beside the session in clear text, and
// found again by equality.

/** Of a store that declares none. */
const NO_FIELDS = { of: () => undefined, filter: given => new Fields({}).filter(given) }

/** Of a store. `kind`: of its backend. */
function fieldsOf (form, codec, { documents, encodeFields: encode }) {
  return form.fields ? new Fields(form.fields, { codec, documents, encode }) : NO_FIELDS
}

class Fields {
  #declared
  #codec
  #documents
  #encode

  /**
   * `declared`: functions by name. `encode`: makes of scalars what the backend takes, with null for a field
   * that is to go.
   */
  constructor (declared, { codec, documents, encode } = {}) {
    this.#declared = declared
    this.#codec = codec
    this.#documents = documents
    this.#encode = encode
  }

  /**
   * The fields of a session that `codec.prepare` has made ready to be stored. The functions get a copy, as a
   * `get` will return it: from an app's own object they would make other values than from one that was
   * loaded, such as an ObjectId and its text.
   */
  of (prepared) {
    const session = this.#codec.revive(unshared(prepared, this.#documents))
    const values = Object.entries(this.#declared).map(([name, read]) => {
      return [name, isNothing(session) ? null : scalar(`fields.${name} must return nothing or`, unawaited(read(session)))]
    })
    return this.#encode(Object.fromEntries(values))
  }

  /** A filter of an app's, such as `{ userId: 5 }`, as the backend takes it. */
  filter (given) {
    if (typeof given !== 'object' || given === null) throw new TypeError(`a filter must be an object: got ${describe(given)}`)
    const names = Object.keys(given)
    if (names.length === 0) throw new TypeError('a filter must name a field: it would find every session')
    return this.#encode(Object.fromEntries(names.map(name => [name, this.#wanted(name, given[name])])))
  }

  #wanted (name, value) {
    if (!Object.hasOwn(this.#declared, name)) {
      const declared = Object.keys(this.#declared)
      throw new TypeError(`the option fields declares no ${name.slice(0, 40)}${suggestion(name, declared)}`)
    }
    if (isNothing(value)) throw new TypeError(`the filter's ${name} must have a value: got ${describe(value)}`)
    return scalar(`the filter's ${name} must be`, value)
  }
}

function isNothing (value) {
  return value === null || value === undefined
}

module.exports = { fieldsOf, NO_FIELDS }
