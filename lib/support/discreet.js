'use strict'

const { inspect } = require('util')

// What apps log without a second thought shows no secret. The properties themselves stay as they are: apps
// read them.

const HIDDEN = '…'

/** Names of options whose values are, or may be, secrets, among a store's, the driver's and those of TLS. */
const SECRET = /secret|pass|pwd|token|pfx|^(key|cert|ca|crl)$|^ssl(Key|Cert|CA|CRL)$/i

/** Gives options of this package's making an `inspect` and a JSON without the secrets in them. */
function discreetOptions (options) {
  return shownAs(options, () => withoutSecrets(options))
}

/** Gives an object an `inspect` and a JSON of what `shown` returns. */
function shownAs (object, shown) {
  const hidden = value => ({ value, configurable: true, writable: true })
  return Object.defineProperties(object, {
    [inspect.custom]: hidden((depth, options) => inspect(shown(), { ...options, depth })),
    toJSON: hidden(shown)
  })
}

function withoutSecrets (value, name = '') {
  if (typeof value === 'string') return SECRET.test(name) ? HIDDEN : withoutCredentials(value)
  if (typeof value !== 'object' || value === null) return value
  if (SECRET.test(name)) return HIDDEN
  if (Array.isArray(value)) return value.map(item => withoutSecrets(item, name))
  const prototype = Object.getPrototypeOf(value)
  // Of the app's own objects, such as a client, nobody knows what their properties are.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return `[${value.constructor?.name}]`
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, key)]))
}

/** A connection string's servers and database. Passwords may have any character that nobody has encoded. */
function withoutCredentials (text) {
  const [, scheme, credentials = '', rest] = /^([a-z][a-z\d+.-]*:\/\/)(.*@)?(.*)$/is.exec(text) ?? []
  if (scheme === undefined) return text
  return scheme + (credentials && `${HIDDEN}@`) + rest.replace(/\?.*$/s, `?${HIDDEN}`)
}

module.exports = { discreetOptions, shownAs }
