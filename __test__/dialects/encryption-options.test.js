'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { createWebCryptoAdapter } = require('../../lib/crypto/adapters')
const legacy = require('../../lib/dialects/legacy')
const modern = require('../../lib/dialects/modern')

const URL = 'mongodb://user:hunter2@localhost/app'

const read = {
  legacy: options => legacy.normalize({ url: URL, ...options }),
  modern: options => modern.normalize({ mongoUrl: URL, ...options })
}

describe('encryption that was asked for is never left out', () => {
  const adapter = { encrypt: async text => text, decrypt: async text => text }

  test('legacy: a secret that says something', () => {
    for (const secret of ['squirrel', Buffer.from('squirrel'), ['new', 'old']]) {
      assert.ok(read.legacy({ secret, stringify: false }).encryption)
    }
    for (const secret of ['', undefined, null, false, 0]) assert.equal(read.legacy({ secret }).encryption, null)
    for (const secret of [5, {}, [], ['']]) assert.throws(() => read.legacy({ secret }), TypeError)
    const options = { url: URL, secret: 'squirrel' }
    legacy.normalize(options)
    assert.equal(options.secret, 'squirrel', "the caller's object stays as it is")
  })

  test('modern: crypto, unless its secret is false, or an adapter', () => {
    assert.ok(read.modern({ crypto: { secret: 'squirrel' } }).encryption)
    assert.ok(read.modern({ crypto: { secret: ['new', 'old'] } }).encryption)
    assert.equal(read.modern({ cryptoAdapter: adapter }).encryption, adapter)
    for (const crypto of [{ secret: false }, undefined, null]) assert.equal(read.modern({ crypto }).encryption, null)
    assert.equal(read.modern({ cryptoAdapter: null }).encryption, null)
  })

  test('modern: what connect-mongo 6 throws for, in its words', () => {
    for (const crypto of [{}, { secret: '' }, { secret: null }, { secret: [] }, { secret: ['a', ''] }]) {
      assert.throws(() => read.modern({ crypto }), { message: 'createKrupteinAdapter requires a non-empty secret' })
    }
    for (const crypto of [{ secret: false }, null, { secret: 's' }]) {
      assert.throws(() => read.modern({ crypto, cryptoAdapter: adapter }),
        { message: 'Provide either the legacy crypto option or cryptoAdapter, not both' })
    }
    for (const options of [undefined, {}, { secret: '' }]) {
      assert.throws(() => createWebCryptoAdapter(options), { message: 'createWebCryptoAdapter requires a secret' })
    }
  })

  test('values with which no connect-mongo ever worked are refused by name', () => {
    for (const [name, value] of [
      ['secret', 5], ['algorithm', 'aes-256-ccm'], ['algorithm', 'rot13'], ['hashing', 'sha0'], ['encodeas', 'utf8'],
      ['family', 'E'], ['key_size', 'long'], ['use_asn1', false], ['use_argon2', true]
    ]) {
      assert.throws(() => read.modern({ crypto: { secret: 's', [name]: value } }), error =>
        error instanceof TypeError && error.message.includes(name), name)
    }
    assert.throws(() => read.modern({ crypto: { secret: 's', algorithm: 'aes-128-gcm', family: 'D' } }), /family D/)
    for (const cryptoAdapter of ['x', {}, { encrypt () {} }]) {
      assert.throws(() => read.modern({ cryptoAdapter }), { name: 'TypeError', message: /encrypt and decrypt/ })
    }
    for (const options of [{ algorithm: 'AES-CTR' }, { ivLength: 0 }, { iterations: 0 }, { salt: 5 }]) {
      assert.throws(() => createWebCryptoAdapter({ secret: 's', ...options }), /algorithm|ivLength|iterations|salt/)
    }
  })

  test('onUndecryptable is the older name of onUnreadable', () => {
    for (const normalize of Object.values(read)) {
      assert.equal(normalize({}).onUnreadable, 'error')
      assert.equal(normalize({ onUndecryptable: 'ignore' }).onUnreadable, 'ignore')
      assert.throws(() => normalize({ onUndecryptable: 'skip' }), { name: 'TypeError', message: /onUndecryptable/ })
    }
  })

  test('the secret is not repeated', () => {
    for (const make of [
      () => read.legacy({ secret: 'squirrel', algorithm: 'rot13' }),
      () => read.modern({ crypto: { secret: 'squirrel', family: 'squirrel' } }),
      () => createWebCryptoAdapter({ secret: 'squirrel', iterations: 'x' })
    ]) {
      assert.throws(make, error => !`${error.message}${error.stack}`.includes('squirrel'))
    }
  })
})
