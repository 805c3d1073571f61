'use strict'

// Encrypted rows, damaged at random: each is refused as one that cannot be decrypted, or is read as it was,
// where the damage has hit none of it. Nothing else happens. `npm run test:long` tries fifty times as many.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { createKrupteinAdapter, createWebCryptoAdapter } = require('../..')
const { createLegacyAdapter } = require('../../lib/crypto/adapters')
const { pick, seeded } = require('../faults/random')
const { SECRET, VECTORS } = require('../helpers/encrypted')
const { isLong } = require('../helpers/long')

/** Another every day: what fails names it. */
const SEED = Math.floor(Date.now() / 86_400_000)
const TIMES = isLong ? 50_000 : 1000
/** They wait for libuv's threads. */
const AT_ONCE = 64

const VALUES = [null, true, 0, -1, 2 ** 53, Number.MAX_VALUE, '', '=', 'x'.repeat(100_000), '\ud800', [], {}, { type: 'Buffer' },
  { type: 'Buffer', data: 'x' }, { type: 'Buffer', data: [256, -1, 'a'] }, { toString: 1 }]

const ADAPTERS = {
  K0: () => createLegacyAdapter({ secret: SECRET }),
  W: () => createWebCryptoAdapter({ secret: SECRET })
}

for (const { name, family, stored } of VECTORS) {
  test(`${name}: damaged at random`, async () => {
    const random = seeded(SEED)
    const adapter = ADAPTERS[family]?.() ?? createKrupteinAdapter({ secret: SECRET, family })
    const whole = await adapter.decrypt(stored)
    const refused = new Set()
    const check = async damaged => {
      const [read, error] = await adapter.decrypt(damaged).then(read => [read], error => [undefined, error])
      if (error === undefined) return assert.deepEqual(read, whole, show(damaged))
      refused.add(error.code)
      assert.equal(error.code, 'ERR_SESSION_UNDECRYPTABLE', show(damaged))
    }
    const queue = Array.from({ length: TIMES }, () => damage(stored, random)).values()
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const damaged of queue) await check(damaged)
    }))
    assert.equal(refused.size, 1)
  })
}

function damage (text, random) {
  const at = length => Math.floor(random() * (length + 1))
  const oneOf = values => pick(random, values.map(value => [1, value]))
  const before = part => part.slice(0, at(part.length))
  const behind = part => part.slice(at(part.length))
  return pick(random, [
    [2, () => before(text)],
    [1, () => behind(text)],
    [2, () => before(text) + behind(text)],
    [2, () => before(text) + behind(oneOf(VECTORS).stored)],
    [2, () => before(text) + String.fromCharCode(at(0xffff)) + behind(text)],
    [4, () => /^["{]/.test(text) ? withOtherValue(text, oneOf) : withOtherBytes(text, random)],
    [1, () => Buffer.from(Array.from({ length: at(400) }, () => at(255))).toString('base64')]
  ])()
}

/** Of one that is JSON, in a string or not, with another value somewhere. */
function withOtherValue (text, oneOf) {
  const outer = JSON.parse(text)
  const row = typeof outer === 'string' ? JSON.parse(outer) : outer
  row[oneOf(Object.keys(row))] = oneOf(VALUES)
  const changed = JSON.stringify(row)
  return typeof outer === 'string' ? JSON.stringify(changed) : changed
}

/** Of one that is Base64, with a few other bytes: lengths and tags, as well as what they are of. */
function withOtherBytes (text, random) {
  const bytes = Buffer.from(text, 'base64')
  const end = random() < 0.5 ? 12 : bytes.length
  for (let left = Math.ceil(random() * 4); left > 0; left--) {
    bytes[Math.floor(random() * end)] = Math.floor(random() * 256)
  }
  return bytes.toString('base64')
}

function show (damaged) {
  return `seed ${SEED}: ${JSON.stringify(damaged)?.slice(0, 2000)}`
}
