'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { portable } = require('../../lib/backends/native')

test('mongoOptions cross as JSON', () => {
  const options = {
    appName: 'a', maxPoolSize: 5, tls: true, nothing: null, auth: { username: 'u', password: 'p' },
    readPreferenceTags: [{ dc: 'ny' }, {}]
  }
  assert.deepEqual(JSON.parse(JSON.stringify(portable({ ...options, absent: undefined }))), options)
})

test('an object without a prototype is as good as another', () => {
  assert.deepEqual(portable(Object.assign(Object.create(null), { w: 1 })), { w: 1 })
})

test('certificates cross as text', () => {
  assert.deepEqual(portable({ ca: [Buffer.from('PEM'), 'PEM'], cert: Buffer.from('PEM') }),
    { ca: ['PEM', 'PEM'], cert: 'PEM' })
})

test('what is no JSON is named for what it is', () => {
  class ReadPreference {}
  assert.deepEqual(
    portable({
      checkServerIdentity: () => {}, readPreference: new ReadPreference(), at: new Date(), n: 5n, inf: Infinity, re: /a/
    }),
    {
      checkServerIdentity: { $unsupported: 'function' }, readPreference: { $unsupported: 'ReadPreference' },
      at: { $unsupported: 'Date' }, n: { $unsupported: 'bigint' }, inf: { $unsupported: 'Infinity' },
      re: { $unsupported: 'RegExp' }
    })
})
