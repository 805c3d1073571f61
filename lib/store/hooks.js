'use strict'

const { named } = require('../support/errors')

/** Normalized options that may be functions of the app's, by their names as the app knows them. */
const HOOKS = {
  serialize: 'serialize', unserialize: 'unserialize', transformId: 'transformId', conflicts: 'conflicts', ttlMS: 'ttl'
}

/** The normalized options with hooks that fail with an error in any case. */
function withNamedHooks (form) {
  const hooks = Object.entries(HOOKS).map(([option, name]) => [option, named(name, form[option])])
  const fields = Object.entries(form.fields ?? {}).map(([name, read]) => [name, named(`fields.${name}`, read)])
  return { ...form, ...Object.fromEntries(hooks), fields: form.fields && Object.fromEntries(fields) }
}

module.exports = { withNamedHooks }
