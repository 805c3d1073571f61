'use strict'

const { createKrupteinAdapter } = require('../..').MongoStore

/** How sessions are stored. The hooks store a document, and a text that is no JSON. */
const FORMS = {
  JSON: {},
  documents: { stringify: false },
  'a serialize hook': { serialize: data => ({ ...data, hooked: true }), unserialize: ({ hooked, ...data }) => data },
  'a hook that makes texts': {
    serialize: data => Buffer.from(JSON.stringify(data)).toString('base64'),
    unserialize: text => JSON.parse(Buffer.from(text, 'base64').toString())
  },
  encryption: dialect => dialect === 'legacy'
    ? { secret: 'secret' }
    : { cryptoAdapter: createKrupteinAdapter({ secret: 'secret' }) },
  'encrypted documents': dialect => dialect === 'legacy'
    ? { secret: 'secret', stringify: false }
    : { cryptoAdapter: createKrupteinAdapter({ secret: 'secret' }), stringify: false }
}

/** Each way to open a store, in each form: `{ name, open }`. `common`: options of all. */
function inEachForm (ways, common) {
  const pairs = Object.entries(ways).flatMap(way => Object.entries(FORMS).map(form => [...way, ...form]))
  return pairs.map(([way, open, form, options]) => ({
    name: `${way}, ${form}`,
    open: more => open({ ...common, ...(typeof options === 'function' ? options(way.split(' ')[0]) : options), ...more })
  }))
}

module.exports = { inEachForm }
