'use strict'

// What session-mongoose's options mean, and when they are its.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const legacy = require('../../lib/dialects/legacy')
const { isMeant, normalize } = require('../../lib/dialects/session-mongoose')
const { warningsOf } = require('../helpers/warnings')

describe('the normal form', () => {
  test('has the defaults of 0.5', () => {
    const { url, collection, modelName, layout, autoRemove, sweepIntervalMS } = normalize()
    assert.deepEqual({ url, collection, modelName, layout, autoRemove, sweepIntervalMS }, {
      url: 'mongodb://localhost/sessions',
      collection: 'sessions',
      modelName: 'Session',
      layout: { kind: 'session-mongoose', ttlSeconds: null },
      autoRemove: 'interval',
      sweepIntervalMS: 60_000
    })
    const names = ['url', 'interval', 'modelName', 'ttl', 'collection', 'connection', 'sweeper']
    const nothing = Object.fromEntries(names.map(name => [name, null]))
    assert.deepEqual(normalize(nothing).sweepIntervalMS, 60_000)
    assert.equal(normalize(nothing).autoRemove, 'interval')
  })

  test('an explicit collection wins over the model', () => {
    assert.equal(normalize({ modelName: 'Foobar' }).collection, 'foobars')
    assert.equal(normalize({ modelName: 'Foobar', collection: 'own' }).collection, 'own')
  })

  test('nothing but true starts the sweeper', () => {
    for (const sweeper of [false, 0, 1, 'true', '']) assert.equal(normalize({ sweeper }).autoRemove, 'disabled')
    assert.equal(normalize({ sweeper: true }).autoRemove, 'interval')
    assert.equal(normalize({ sweeper: true, ttl: 1 }).autoRemove, 'native')
  })

  test('ttl: seconds above 0, in whole ones', async () => {
    const seconds = ttl => normalize({ ttl }).layout.ttlSeconds
    for (const off of [undefined, null, 0, -3, '', false]) assert.equal(seconds(off), null)
    assert.deepEqual([seconds(3600), seconds('3600'), seconds(0.4), seconds(1.5)], [3600, 3600, 1, 2])
    const warnings = await warningsOf(() => {
      assert.equal(seconds('1h'), null)
      assert.equal(seconds(31_536_000_000), 2 ** 31 - 1)
      assert.equal(seconds(Infinity), 2 ** 31 - 1)
    })
    assert.deepEqual(warnings.map(({ message }) => message), [
      'ttl must be a number of seconds: a string means none',
      'ttl must be at most 2147483647 seconds: 31536000000 means that many',
      'ttl must be at most 2147483647 seconds: Infinity means that many'
    ])
  })

  test('interval: milliseconds, however many', async () => {
    const milliseconds = interval => normalize({ interval }).sweepIntervalMS
    assert.deepEqual(['100', 0, 0.2, 31_536_000_000, Infinity].map(milliseconds), [100, 1, 1, 31_536_000_000, 8e15])
    const warnings = await warningsOf(() => {
      assert.deepEqual(['abc', -1, NaN].map(milliseconds), [60_000, 60_000, 60_000])
    })
    assert.equal(warnings.length, 3)
    assert.match(warnings[0].message, /interval must be a number of milliseconds: a string means 60000/)
  })

  test('a name that it does not know is a warning, with the nearest', async () => {
    const [warning] = await warningsOf(() => normalize({ intervall: 5 }))
    assert.match(warning.message, /knows no option intervall, and ignores it; did you mean interval\?/)
  })
})

describe("options of connect-mongo's rows are refused", () => {
  const SessionStore = require('../../session-mongoose')(require('express-session'))
  const asked = {
    conflicts: 'merge', fields: { a: () => 1 }, maxLifetime: 60, touch: false, 'ttl that is a function': () => 60
  }
  for (const [name, value] of Object.entries(asked)) {
    test(name, () => {
      const given = { url: 'mongodb://127.0.0.1:9/a', interval: 60_000, [name.split(' ')[0]]: value }
      const refusal = { name: 'TypeError', message: new RegExp(`^session-mongoose has no ${name}, .*use require\\('connect-mongo-native'\\)`) }
      assert.throws(() => normalize(given), refusal)
      assert.throws(() => new SessionStore(given), refusal)
    })
  }
})

describe('the main entry', () => {
  const isOurs = options => isMeant(options, legacy.NAMES)

  test('takes the options that only session-mongoose has for its', () => {
    for (const options of [{ interval: 5 }, { sweeper: false }, { connection: {} }, { modelName: 'S', ttl: 5, url: 'u' }]) {
      assert.ok(isOurs(options))
    }
  })

  test('but not beside one that only connect-mongo has or had', () => {
    const names = ['mongooseConnection', 'touchAfter', 'stringify', 'autoRemove', 'mongoUrl', 'hash', 'clear_interval']
    for (const name of names) assert.ok(!isOurs({ url: 'u', interval: 5, [name]: 'x' }), name)
    for (const options of [{}, { url: 'u' }, { url: 'u', ttl: 5, collection: 'c' }, { interval: undefined }]) {
      assert.ok(!isOurs(options))
    }
  })

  test('a connection beside touchAfter gets its warning before the missing url throws', async () => {
    const warnings = await warningsOf(() => {
      assert.throws(() => legacy.normalize({ connection: {}, touchAfter: 5 }), /Connection strategy not found/)
    })
    assert.match(warnings[0].message, /ignores connection: an option of session-mongoose/)
  })
})
