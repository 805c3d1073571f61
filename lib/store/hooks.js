'use strict'

const { named } = require('../support/errors')

/** The normalized options with hooks that fail with an error in any case. */
function withNamedHooks (form) {
  const hooks = ['serialize', 'unserialize', 'transformId'].map(name => [name, named(name, form[name])])
  const fields = Object.entries(form.fields ?? {}).map(([name, read]) => [name, named(`fields.${name}`, read)])
  return { ...form, ...Object.fromEntries(hooks), fields: form.fields && Object.fromEntries(fields) }
}

module.exports = { withNamedHooks }
