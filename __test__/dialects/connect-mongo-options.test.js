'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const legacy = require('../../lib/dialects/legacy')
const modern = require('../../lib/dialects/modern')
const { warningsOf } = require('../helpers/warnings')

const URL = 'mongodb://user:hunter2@localhost/app'
const DAY = 24 * 60 * 60 * 1000

const read = {
  legacy: options => legacy.normalize({ url: URL, ...options }),
  modern: options => modern.normalize({ mongoUrl: URL, ...options })
}

/** Both read the same of this. */
function inBoth (name, check) {
  for (const [dialect, normalize] of Object.entries(read)) test(`${name} (${dialect})`, () => check(normalize, dialect))
}

describe('the normal form', () => {
  test('has every default', () => {
    const common = {
      url: URL,
      mongoOptions: {},
      dbName: null,
      collection: 'sessions',
      ttlMS: 14 * DAY,
      touchAfterMS: 0,
      touches: true,
      autoRemove: 'native',
      sweepIntervalMS: 600_000,
      stringify: true,
      serialize: undefined,
      unserialize: undefined,
      transformId: undefined,
      writeConcern: null,
      encryption: null,
      backend: 'native',
      operationTimeoutMS: null,
      conflicts: 'overwrite',
      maxQueue: null,
      onUnreadable: 'error',
      onOutage: 'error',
      outageAfterMS: 5000,
      fields: null
    }
    const layout = { kind: 'connect-mongo', timestamps: false, maxLifetimeMS: null }
    assert.deepEqual(read.legacy(), { dialect: 'legacy', layout: { ...layout, background: false }, ...common })
    assert.deepEqual(read.modern(), { dialect: 'modern', layout: { ...layout, background: true }, ...common })
  })

  test('has every option, in the units of the core', () => {
    const serialize = JSON.stringify
    const unserialize = JSON.parse
    const transformId = id => id
    const common = {
      mongoOptions: { appName: 'a' }, dbName: 'd', ttl: 60, autoRemove: 'interval', autoRemoveInterval: 0.5,
      touchAfter: 3600, stringify: false, serialize, unserialize, transformId,
      writeOperationOptions: { w: 'majority', j: true, wtimeout: 5 }, operationTimeoutMS: 1000, maxQueue: 10,
      onUnreadable: 'destroy', onOutage: 'skip', outageAfterMS: 100, conflicts: 'merge', touch: false, maxLifetime: '1.5'
    }
    const form = {
      url: URL, mongoOptions: { appName: 'a' }, dbName: 'd', collection: 'c', ttlMS: 60_000, touchAfterMS: 3_600_000,
      autoRemove: 'interval', sweepIntervalMS: 30_000, stringify: false, serialize, unserialize, transformId,
      writeConcern: { w: 'majority', j: true, wtimeoutMS: 5 }, encryption: null, backend: 'native',
      operationTimeoutMS: 1000, maxQueue: 10, onUnreadable: 'destroy', onOutage: 'skip', outageAfterMS: 100,
      conflicts: 'merge', fields: null, touches: false
    }
    const layout = { kind: 'connect-mongo', maxLifetimeMS: 1500 }
    assert.deepEqual(read.legacy({ ...common, collection: 'c' }),
      { dialect: 'legacy', layout: { ...layout, timestamps: false, background: false }, ...form })
    assert.deepEqual(read.modern({ ...common, collectionName: 'c', timestamps: true }),
      { dialect: 'modern', layout: { ...layout, timestamps: true, background: true }, ...form })
  })

  inBoth('does not touch the options that it reads', normalize => {
    const options = Object.freeze({ ttl: '5', writeOperationOptions: Object.freeze({ w: 1 }) })
    assert.equal(normalize(options).ttlMS, 5000)
  })
})

describe('falsy and odd values mean what they meant', () => {
  test('0, null and false are defaults in legacy', () => {
    for (const value of [0, null, false, undefined, '', NaN]) {
      assert.equal(read.legacy({ ttl: value }).ttlMS, 14 * DAY)
      assert.equal(read.legacy({ autoRemove: value }).autoRemove, 'native')
      assert.equal(read.legacy({ autoRemove: 'interval', autoRemoveInterval: value }).sweepIntervalMS, 600_000)
      assert.equal(read.legacy({ collection: value }).collection, 'sessions')
    }
  })

  test('only undefined is a default in modern', () => {
    assert.equal(read.modern({ ttl: undefined }).ttlMS, 14 * DAY)
    for (const value of [0, null, false, '']) assert.equal(read.modern({ ttl: value }).ttlMS, 0)
    for (const value of [null, false, 0]) assert.equal(read.modern({ autoRemove: value }).autoRemove, 'disabled')
    assert.equal(read.modern({ autoRemove: 'interval', autoRemoveInterval: 0 }).sweepIntervalMS, 1)
  })

  inBoth('only false turns stringify off', normalize => {
    assert.equal(normalize({ stringify: false }).stringify, false)
    for (const value of [true, undefined, null, 0, 'no']) assert.equal(normalize({ stringify: value }).stringify, true)
  })

  inBoth('numeric strings are numbers', normalize => {
    assert.equal(normalize({ ttl: '60' }).ttlMS, 60_000)
    assert.equal(normalize({ touchAfter: '1e1' }).touchAfterMS, 10_000)
    assert.equal(normalize({ autoRemove: 'interval', autoRemoveInterval: '2' }).sweepIntervalMS, 120_000)
  })

  inBoth('touchAfter of nothing, or less, is none', normalize => {
    for (const value of [0, -1, null, false, undefined, NaN, '']) {
      assert.equal(normalize({ touchAfter: value }).touchAfterMS, 0)
    }
    assert.equal(normalize({ touchAfter: Infinity }).touchAfterMS, Infinity)
  })

  inBoth('autoRemoveInterval says nothing outside interval mode', normalize => {
    assert.equal(normalize({ autoRemoveInterval: 5 }).sweepIntervalMS, 600_000)
  })

  inBoth('a misspelled autoRemove means disabled, with a warning', async normalize => {
    let form
    const [warning] = await warningsOf(() => { form = normalize({ autoRemove: 'Native' }) })
    assert.equal(form.autoRemove, 'disabled')
    if (warning) assert.match(warning.message, /'native', 'interval' or 'disabled'/)
  })

  test('defaultExpirationTime is a ttl in milliseconds, and comes after ttl', () => {
    assert.equal(read.legacy({ defaultExpirationTime: 1500 }).ttlMS, 1500)
    assert.equal(read.legacy({ defaultExpirationTime: 1500, ttl: 1 }).ttlMS, 1000)
  })

  inBoth('write concerns are read in every spelling', normalize => {
    const spellings = [
      { w: 1, journal: true, wtimeoutMS: 9 }, { w: 1, j: true, wtimeout: 9 },
      { writeConcern: { w: 1, j: true, wtimeout: 9 } }
    ]
    for (const writeOperationOptions of spellings) {
      assert.deepEqual(normalize({ writeOperationOptions }).writeConcern, { w: 1, j: true, wtimeoutMS: 9 })
    }
    assert.equal(normalize({ writeOperationOptions: {} }).writeConcern, null)
    assert.equal(normalize({ writeOperationOptions: { w: 0 } }).writeConcern.w, 0)
  })
})

describe('values that never worked throw', () => {
  const bad = {
    ttl: ['two weeks', {}, [], Symbol('s'), 1n],
    touchAfter: ['1d', {}, []],
    serialize: ['JSON', {}, 1],
    unserialize: ['JSON', {}, 1],
    mongoOptions: ['w=1', 1, [], () => {}],
    dbName: [1, {}],
    writeOperationOptions: ['majority', [], { w: {} }, { wtimeout: 'x' }],
    operationTimeoutMS: ['soon', {}],
    maxQueue: ['all', {}],
    backend: ['rust', null, 1]
  }
  for (const [name, values] of Object.entries(bad)) {
    inBoth(`TypeError: ${name}`, normalize => {
      for (const value of values) assert.throws(() => normalize({ [name]: value }), TypeError)
    })
  }

  const outOfRange = { ttl: [-1, Infinity, 1e13], operationTimeoutMS: [0, -5, Infinity], maxQueue: [0, -1] }
  for (const [name, values] of Object.entries(outOfRange)) {
    inBoth(`RangeError: ${name}`, normalize => {
      for (const value of values) {
        assert.throws(() => normalize({ [name]: value }), { name: 'RangeError', message: new RegExp(`^${name} .*got`) })
      }
    })
  }

  test('autoRemoveInterval', () => {
    for (const [dialect, normalize] of Object.entries(read)) {
      const interval = value => () => normalize({ autoRemove: 'interval', autoRemoveInterval: value })
      assert.throws(interval('often'), TypeError, dialect)
      assert.throws(interval(-1), RangeError, dialect)
      assert.throws(interval(Infinity), RangeError, dialect)
    }
    assert.throws(() => read.modern({ autoRemoveInterval: 71583 }), {
      name: 'RangeError', message: /^autoRemoveInterval is too large. options.autoRemoveInterval is in minutes/
    })
    assert.equal(read.modern({ autoRemoveInterval: 71582, autoRemove: 'interval' }).sweepIntervalMS, 71582 * 60_000)
    assert.equal(read.legacy({ autoRemoveInterval: 1e5, autoRemove: 'interval' }).sweepIntervalMS, 6e9)
  })

  test('the collection', () => {
    for (const value of [1, {}, ['a']]) {
      assert.throws(() => read.legacy({ collection: value }), TypeError)
      assert.throws(() => read.modern({ collectionName: value }), TypeError)
    }
    for (const value of [null, '']) assert.throws(() => read.modern({ collectionName: value }), TypeError)
  })

  test('options that are none', () => {
    for (const options of [URL, 1, true]) {
      assert.throws(() => legacy.normalize(options), { name: 'TypeError', message: /an object of options/ })
      assert.throws(() => modern.normalize(options), { name: 'TypeError', message: /an object of options/ })
    }
  })

  inBoth('a transformId that is no function is ignored, with a warning', async normalize => {
    let form
    await warningsOf(() => { form = normalize({ transformId: 'sha1' }) })
    assert.equal(form.transformId, undefined)
  })

  test('no message repeats a connection string', () => {
    for (const throwing of [
      () => legacy.normalize(URL), () => modern.normalize(URL), () => read.legacy({ ttl: URL }),
      () => read.modern({ dbName: { toString: () => URL } }), () => read.modern({ mongoOptions: URL })
    ]) assert.throws(throwing, error => !error.message.includes('hunter2'))
  })
})

describe('options that are not read', () => {
  test('a misspelled one gets one warning, with the nearest right name', async () => {
    const warnings = await warningsOf(() => {
      for (let i = 0; i < 3; i++) read.modern({ touchAftr: 1 })
    })
    assert.equal(warnings.length, 1)
    assert.equal(warnings[0].name, 'ConnectMongoWarning')
    assert.equal(warnings[0].code, 'CONNECT_MONGO_UNKNOWN_OPTION')
    assert.match(warnings[0].message, /^MongoStore\.create\(\) knows no option touchAftr, .*; did you mean touchAfter\?$/)
  })

  test('one that resembles nothing gets a warning without a guess', async () => {
    const [warning] = await warningsOf(() => read.legacy({ trustworthiness: false }))
    assert.match(warning.message, /knows no option trustworthiness, and ignores it$/)
  })

  test('one of another dialect gets a warning that says so', async () => {
    const warnings = await warningsOf(() => {
      read.modern({ collection: 'c', secret: 's', fallbackMemory: true, hash: {} })
      read.legacy({ collectionName: 'c', crypto: { secret: 's' }, hash: {} })
    })
    assert.deepEqual(warnings.map(({ code }) => code), Array(7).fill('CONNECT_MONGO_IGNORED_OPTION'))
    assert.match(warnings[0].message, /create\(\) ignores collection.*write collectionName/)
    assert.match(warnings[1].message, /secret.*unencrypted/)
    assert.match(warnings[5].message, /crypto.*unencrypted/)
    assert.equal(read.modern({ collection: 'c' }).collection, 'sessions')
  })

  test('harmless ones, undefined ones and those of ours get none', async () => {
    const warnings = await warningsOf(() => {
      for (const normalize of Object.values(read)) {
        normalize({ useNewUrlParser: true, useUnifiedTopology: true, autoReconnect: true, algorithm: 'aes' })
        normalize({ nonsense: undefined, backend: 'native', operationTimeoutMS: 5, maxQueue: 5 })
      }
      read.modern({ secret: false, collection: null })
      read.legacy({ hash: false })
    })
    assert.deepEqual(warnings, [])
  })
})

describe('what methods return', () => {
  const reply = ({ reply }, ...value) => new Promise(resolve => reply((...args) => resolve(args), ...value))

  test('legacy: two arguments always', async () => {
    assert.deepEqual(await reply(legacy, undefined), [null, undefined])
    assert.deepEqual(await reply(legacy, 5), [null, 5])
  })

  test('modern: null alone when there is nothing to say', async () => {
    assert.deepEqual(await reply(modern, undefined), [null])
    assert.deepEqual(await reply(modern, null), [null, null])
  })
})
