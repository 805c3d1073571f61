'use strict'

// Every character of an encrypted row, of every format, changed one at a time: the row then cannot be
// decrypted. A changed salt asks for a key of its own, which takes some ms, so of salts every 24th character
// is tried, and by `npm run test:long` each.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { createKrupteinAdapter } = require('../..')
const { createLegacyAdapter } = require('../../lib/crypto/adapters')
const der = require('../../lib/crypto/der')
const { SECRET, VECTORS } = require('../helpers/encrypted')
const { isLong } = require('../helpers/long')

const SALT_STEP = isLong ? 1 : 24
/** They wait for libuv's threads. */
const AT_ONCE = 64

for (const { name, family, stored } of VECTORS) {
  test(`${name}: no character can be changed`, async () => {
    const adapter = family === 'K0'
      ? createLegacyAdapter({ secret: SECRET })
      : createKrupteinAdapter({ secret: SECRET, family })
    await adapter.decrypt(stored)
    const [start, end] = saltOf(stored)
    const isTried = at => at < start || at >= end || (at - start) % SALT_STEP === 0
    const queue = Array.from(stored, (_, at) => at).filter(isTried).values()
    const work = async () => {
      for (const at of queue) {
        await assert.rejects(adapter.decrypt(changed(stored, at)), { code: 'ERR_SESSION_UNDECRYPTABLE' }, `character ${at}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  })
}

/** Another letter or digit where there is one: encodings skip what is neither. */
function changed (text, at) {
  const other = /[0-8A-Ya-eg-y]/.test(text[at]) ? String.fromCharCode(text.charCodeAt(at) + 1) : '0'
  return text.slice(0, at) + other + text.slice(at + 1)
}

/** Where a row's salt begins and ends; an empty range where there is none. */
function saltOf (stored) {
  if (stored.startsWith('{')) {
    const start = stored.indexOf('"salt"')
    return [start, stored.indexOf('}', start)]
  }
  const bytes = Buffer.from(stored, 'base64')
  const salt = der.decode(bytes)?.[3]
  if (salt === undefined) return [0, 0]
  const start = bytes.indexOf(salt)
  return [Math.floor(start / 3) * 4, Math.ceil((start + salt.length) / 3) * 4]
}
