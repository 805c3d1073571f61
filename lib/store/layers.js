'use strict'

const { ConditionalBackend } = require('../conflicts/conditional-backend')
const { createEncryptedCodec } = require('../crypto/codec')
const { EncryptedBackend } = require('../crypto/encrypted-backend')
const { createCodec, identity } = require('../session/codec')
const { Reader } = require('../session/unreadable')

/** The codec of a store, by its normalized options. `kind`: of its backend. */
function codecOf (form, { documents }) {
  return form.encryption ? createEncryptedCodec(form, documents) : createCodec(form, documents)
}

/**
 * `{ backend, encode, fieldsOf, read }`: the backend that a store calls, and what it does itself with a
 * session on its way there and back. Where more is to be done with sessions, they pass as they are, and a
 * further backend does it. `datesOf(session, sid)`: the dates of a row with this session. `fields`: what
 * stands beside it.
 */
function layered (backend, codec, form, { documents }, { datesOf, fields }) {
  const { conflicts, encryption, layout, onUnreadable } = form
  const reader = new Reader(codec, onUnreadable === 'destroy' ? documents.keep : identity)
  if (conflicts !== 'overwrite') {
    const isLimited = layout.maxLifetimeMS !== null
    const options = { conflicts, documents, datesOf, fields, isLimited, onUnreadable }
    return passing(new ConditionalBackend(backend, codec, reader, options))
  }
  if (encryption) return passing(new EncryptedBackend(backend, codec, reader, fields))
  return { backend, encode: codec.encode, fieldsOf: value => fields.of(value), read: value => reader.read(value) }
}

function passing (backend) {
  return { backend, encode: identity, fieldsOf: () => undefined, read: identity }
}

module.exports = { codecOf, layered }
