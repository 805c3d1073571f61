'use strict'

const assert = require('node:assert/strict')
const { createHook } = require('node:async_hooks')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')

const { createKrupteinAdapter, createWebCryptoAdapter } = require('../..')
const { createLegacyAdapter } = require('../../lib/crypto/adapters')
const der = require('../../lib/crypto/der')
const { Keys, keys, MAX_KEYS, prepareSecret, ROWS_PER_SALT, SALT_LIFETIME_MS } = require('../../lib/crypto/keys')
const { LARGE } = require('../../lib/crypto/vault')
const { SECRET, SESSION, VECTORS } = require('../helpers/encrypted')

const FAMILIES = ['K0', 'K2', 'A', 'B', 'C', 'D', 'W']

/** The JSON that a session was, of what an adapter decrypts: in most families, with JSON around it. */
function innermost (text) {
  const value = JSON.parse(text)
  return typeof value === 'string' ? value : text
}

const undecryptable = error => {
  assert.equal(error.code, 'ERR_SESSION_UNDECRYPTABLE')
  assert.ok(error instanceof Error)
  assert.ok(!`${error.message}${error.stack}`.includes(SECRET))
  return true
}

describe('rows of each connect-mongo', () => {
  for (const { name, stored } of VECTORS) {
    test(`${name} is read, whatever is written`, async () => {
      for (const adapter of [
        createKrupteinAdapter({ secret: SECRET }), createKrupteinAdapter({ secret: SECRET, family: 'W' }),
        createKrupteinAdapter({ secret: SECRET, encodeas: 'hex' }), createWebCryptoAdapter({ secret: SECRET }),
        createLegacyAdapter({ secret: SECRET })
      ]) {
        assert.equal(innermost(await adapter.decrypt(stored)), SESSION)
      }
    })
  }

  test('are not read with another secret', async () => {
    for (const { stored } of VECTORS) {
      await assert.rejects(createKrupteinAdapter({ secret: 'other' }).decrypt(stored), undecryptable)
    }
  })
})

describe('what is written', () => {
  for (const family of FAMILIES) {
    test(`family ${family} is read again, and never twice the same`, async () => {
      const adapter = createKrupteinAdapter({ secret: SECRET, family })
      for (const text of [SESSION, '""', 'no JSON', 'é✓😀', 'x'.repeat(LARGE + 1), 'é'.repeat(LARGE)]) {
        const [first, second] = [await adapter.encrypt(text), await adapter.encrypt(text)]
        assert.notEqual(first, second)
        for (const stored of [first, second]) {
          const read = await createKrupteinAdapter({ secret: SECRET }).decrypt(stored)
          assert.equal(['K0', 'D', 'W'].includes(family) ? read : JSON.parse(read), text)
          assert.ok(!stored.includes(text.slice(0, 20)) || text.length < 20)
        }
      }
    })
  }

  for (const options of [
    { algorithm: 'aes-192-gcm', key_size: 24 }, { algorithm: 'aes-128-gcm', key_size: 16, encodeas: 'hex' },
    { algorithm: 'aes-256-cbc' }, { algorithm: 'aes-256-ctr', encodeas: 'base64url' }, { hashing: 'sha384' },
    { hashing: 'sha256', encodeas: 'latin1' }, { use_scrypt: true }, { iv_size: 12, at_size: 12 }, { hashing: undefined }
  ]) {
    test(`with ${JSON.stringify(options)}, each family that goes with it is read again`, async () => {
      let written = 0
      for (const family of FAMILIES) {
        let adapter
        try {
          adapter = createKrupteinAdapter({ secret: SECRET, ...options, family })
        } catch (error) {
          assert.match(error.message, /does not go with/)
          continue
        }
        written++
        assert.equal(innermost(await adapter.decrypt(await adapter.encrypt(SESSION))), SESSION, family)
      }
      assert.ok(written >= 5)
    })
  }

  test('createWebCryptoAdapter takes its own options', async () => {
    for (const options of [
      { encoding: 'hex' }, { encoding: 'base64url' }, { ivLength: 16 }, { algorithm: 'AES-CBC' }, { algorithm: 'aes-gcm' },
      { salt: 'pepper' }, { salt: new Uint8Array([1, 2]), iterations: 1000 }, { secret: Buffer.from(SECRET) },
      { secret: new TextEncoder().encode(SECRET).buffer }
    ]) {
      const adapter = createWebCryptoAdapter({ secret: SECRET, ...options })
      assert.equal(await adapter.decrypt(await adapter.encrypt(SESSION)), SESSION)
    }
  })

  test('adapters take strings only', async () => {
    const adapter = createKrupteinAdapter({ secret: SECRET })
    await assert.rejects(adapter.encrypt({}), TypeError)
    await assert.rejects(adapter.decrypt(undefined), TypeError)
  })
})

describe('a row that was changed is refused', () => {
  for (const { name, family, stored } of VECTORS) {
    test(`${name}: each of its parts`, async () => {
      const adapter = createKrupteinAdapter({ secret: SECRET, family })
      const changed = family === 'W' ? changeBytes(stored) : stored.startsWith('M') ? changeParts(stored) : changeJson(stored)
      for (const [what, row] of changed) {
        assert.notEqual(row, stored)
        await assert.rejects(adapter.decrypt(row), undecryptable, what)
      }
      assert.equal(innermost(await adapter.decrypt(stored)), SESSION)
    })
  }

  test('also in how it is written: cut, extended, respelled, of another family', async () => {
    const adapter = createKrupteinAdapter({ secret: SECRET })
    for (const { stored } of VECTORS) {
      for (const row of [stored.slice(0, -4), stored.slice(4), `${stored}AAAA`, ` ${stored}`, `${stored}=`]) {
        await assert.rejects(adapter.decrypt(row), undecryptable)
      }
    }
    for (const row of ['', '{', '{}', '"', 'null', '{"ct":1}', '{"ct":"","hmac":""}', SESSION, JSON.stringify(SESSION)]) {
      await assert.rejects(adapter.decrypt(row), undecryptable)
    }
  })

  test('short tags are no tags', async () => {
    const { stored } = VECTORS.find(({ family }) => family === 'A')
    const parts = der.decode(Buffer.from(stored, 'base64'))
    for (const length of [0, 4, 12, 15]) {
      const row = der.encode(parts.map((part, i) => i === 4 ? part.subarray(0, length) : part)).toString('base64')
      await assert.rejects(createKrupteinAdapter({ secret: SECRET }).decrypt(row), undecryptable)
    }
  })

  test('large ones too', async () => {
    const adapter = createKrupteinAdapter({ secret: SECRET })
    const bytes = Buffer.from(await adapter.encrypt('x'.repeat(4 * LARGE)), 'base64')
    bytes[bytes.length >> 1] ^= 1
    await assert.rejects(adapter.decrypt(bytes.toString('base64')), undecryptable)
  })

  /** Each octet string, one bit of it flipped: the first, one in the middle, the last. */
  function* changeParts (stored) {
    const parts = der.decode(Buffer.from(stored, 'base64'))
    const names = ['ct', 'hmac', 'iv', 'salt', 'at', 'aad']
    for (const [i, part] of parts.entries()) {
      for (const at of [0, part.length >> 1, part.length - 1]) {
        const copy = parts.map(part => Buffer.from(part))
        copy[i][at] ^= 1
        yield [`${names[i]}[${at}]`, der.encode(copy).toString('base64')]
      }
    }
  }

  function* changeBytes (stored) {
    const bytes = Buffer.from(stored, 'base64')
    for (const at of [0, 11, 12, bytes.length >> 1, bytes.length - 16, bytes.length - 1]) {
      const copy = Buffer.from(bytes)
      copy[at] ^= 1
      yield [`byte ${at}`, copy.toString('base64')]
    }
  }

  function* changeJson (stored) {
    const nested = stored.startsWith('"')
    const row = JSON.parse(nested ? JSON.parse(stored) : stored)
    for (const [name, value] of Object.entries(row)) {
      const copy = structuredClone(row)
      if (typeof value === 'string') copy[name] = (value[0] === '0' ? '1' : '0') + value.slice(1)
      else copy[name].data[0] ^= 1
      const text = JSON.stringify(copy)
      yield [name, nested ? JSON.stringify(text) : text]
      delete copy[name]
      yield [`without ${name}`, nested ? JSON.stringify(JSON.stringify(copy)) : JSON.stringify(copy)]
    }
  }
})

describe('rotation', () => {
  for (const family of FAMILIES) {
    test(`the first secret writes, all read (${family})`, async () => {
      const old = createKrupteinAdapter({ secret: 'old', family })
      const rotated = createKrupteinAdapter({ secret: ['new', 'old'], family })
      const next = createKrupteinAdapter({ secret: 'new', family })
      assert.equal(innermost(await rotated.decrypt(await old.encrypt(SESSION))), SESSION)
      assert.equal(innermost(await next.decrypt(await rotated.encrypt(SESSION))), SESSION)
      await assert.rejects(old.decrypt(await rotated.encrypt(SESSION)), undecryptable)
    })
  }
})

describe('keys', () => {
  const RECIPE = { kdf: 'pbkdf2', digest: 'sha512', iterations: 1, keySize: 32 }
  const secret = prepareSecret('s')

  test('are derived off the thread of the event loop, once for each salt', async () => {
    let requests = 0
    const hook = createHook({ init (id, type) { if (type === 'PBKDF2REQUEST') requests++ } }).enable()
    const adapter = createKrupteinAdapter({ secret: `${SECRET}-once` })
    const rows = await Promise.all(Array.from({ length: 4 }, (_, i) => adapter.encrypt(`${i}`)))
    const peer = createKrupteinAdapter({ secret: `${SECRET}-once` })
    const before = keys.stats().derivations
    assert.equal(requests, 1, 'four rows share a salt')
    await Promise.all(Array.from({ length: 32 }, (_, i) => peer.decrypt(rows[i % 4])))
    assert.equal(keys.stats().derivations, before, 'and its key')
    hook.disable()
  })

  test('are derived once while many wait, and again after a failure', async () => {
    const own = new Keys()
    const derive = (_, i) => own.derive(secret, RECIPE, Buffer.from([i % 4]))
    const derived = await Promise.all(Array.from({ length: 32 }, derive))
    assert.deepEqual(own.stats(), { derivations: 4, keys: 4 })
    assert.deepEqual(derived[0], crypto.pbkdf2Sync('s', Buffer.from([0]), 1, 32, 'sha512'))
    assert.equal(own.cached(secret, RECIPE, Buffer.from([0])), derived[0])

    const bad = { ...RECIPE, digest: 'no such digest' }
    await assert.rejects(own.derive(secret, bad, Buffer.from([0])))
    await assert.rejects(own.derive(secret, bad, Buffer.from([0])))
    assert.deepEqual(own.stats(), { derivations: 6, keys: 4 })
  })

  test('are kept in bounds, those used last', async () => {
    const own = new Keys()
    const salt = i => Buffer.from(`${i}`)
    await own.derive(secret, RECIPE, salt('first'))
    for (let i = 0; i < MAX_KEYS + 10; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => own.derive(secret, RECIPE, salt(i + j))))
      assert.ok(own.cached(secret, RECIPE, salt('first')))
    }
    assert.equal(own.stats().keys, MAX_KEYS)
    assert.equal(own.cached(secret, RECIPE, salt(0)), undefined)
  })

  test('of writing change after an hour, and after 2^20 rows', async () => {
    let now = 0
    const own = new Keys({ now: () => now })
    const write = async () => (await own.writer(secret, RECIPE, { saltSize: 128 })).salt
    const first = await write()
    assert.equal(first.length, 128)
    now = SALT_LIFETIME_MS - 1
    assert.equal(await write(), first)
    now = SALT_LIFETIME_MS
    const second = await write()
    assert.notDeepEqual(second, first)
    for (let i = 1; i < ROWS_PER_SALT; i++) own.writer(secret, RECIPE, { saltSize: 128 })
    assert.notDeepEqual(await write(), second)
    assert.equal(own.stats().derivations, 3)
  })
})

describe('DER', () => {
  test('of any length is read again', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 20]) {
      const parts = [Buffer.alloc(length, 1), Buffer.from('x')]
      assert.deepEqual(der.decode(der.encode(parts)), parts)
    }
    assert.deepEqual(der.encode([Buffer.from('ab')]), Buffer.from([0x30, 4, 4, 2, 0x61, 0x62]))
  })

  test('has one form only', () => {
    for (const bytes of [
      [], [0x30], [0x30, 0x80, 0, 0], [0x31, 0], [0x30, 1, 4], [0x30, 2, 2, 0], [0x30, 2, 4, 1], [0x30, 3, 4, 0x81, 0],
      [0x30, 0x81, 2, 4, 0], [0x30, 0x82, 0, 2, 4, 0], [0x30, 0, 0], [0x30, 0x85, 0, 0, 0, 0, 0]
    ]) {
      assert.equal(der.decode(Buffer.from(bytes)), null)
    }
  })
})
