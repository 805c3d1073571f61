'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const legacy = require('../../lib/dialects/legacy')
const modern = require('../../lib/dialects/modern')
const { runScript } = require('../helpers/child')
const { warningsOf } = require('../helpers/warnings')

const URL = 'mongodb://user:hunter2@localhost/app'

const read = {
  legacy: options => legacy.normalize({ url: URL, ...options }),
  modern: options => modern.normalize({ mongoUrl: URL, ...options })
}

describe('connections', () => {
  test('legacy: none', () => {
    for (const options of [undefined, null, {}, { url: '' }]) {
      assert.throws(() => legacy.normalize(options), { name: 'TypeError', message: /^Connection strategy not found/ })
    }
    assert.throws(() => legacy.normalize({ mongoUrl: URL }), { message: /did you mean url/ })
    assert.throws(() => legacy.normalize({ url: {} }), { name: 'TypeError', message: /^url must be/ })
  })

  test('modern: none', () => {
    for (const options of [undefined, null, {}, { mongoUrl: '' }]) {
      assert.throws(() => modern.normalize(options), error =>
        error instanceof TypeError && /Cannot init client/.test(error.message) &&
        error.message.includes('You must provide either mongoUrl|clientPromise|client in options'))
    }
    assert.throws(() => modern.normalize({ mongooseConnection: {} }), { message: /getClient\(\)/ })
    assert.throws(() => modern.normalize({ mongoUrl: {} }), { name: 'TypeError', message: /^mongoUrl must be/ })
  })

  test('modern: url stands in for mongoUrl, and comes after it', async () => {
    assert.equal(modern.normalize({ url: URL }).url, URL)
    const [warning] = await warningsOf(() => {
      assert.equal(modern.normalize({ url: 'mongodb://other', mongoUrl: URL }).url, URL)
    })
    assert.match(warning.message, /ignores url.*mongoUrl comes first/)
  })

  test('a connection string comes before connections that are handed over', () => {
    const borrowed = { client: {}, clientPromise: Promise.resolve({}) }
    assert.equal(read.modern(borrowed).url, URL)
    assert.equal(read.legacy({ ...borrowed, db: {}, mongooseConnection: {}, dbPromise: Promise.resolve({}) }).url, URL)
  })

  const client = { db: () => {} }
  const database = { collection: () => {} }
  const connection = { readyState: 0, then () {} }

  test('legacy: without a URL, each of the others, in the order of connect-mongo', () => {
    const given = [
      ['mongooseConnection', connection], ['mongoose_connection', connection], ['db', database], ['client', client],
      ['clientPromise', Promise.resolve(client)], ['dbPromise', Promise.resolve(database)]
    ]
    while (given.length > 0) {
      const form = legacy.normalize({ ...Object.fromEntries(given), host: 'old' })
      assert.equal(form.connection.value, given[0][1])
      assert.equal(form.backend, 'driver')
      assert.equal(form.url, undefined)
      given.shift()
    }
  })

  test('modern: clientPromise, then client, then url', () => {
    const clientPromise = Promise.resolve(client)
    assert.equal(modern.normalize({ clientPromise, client, url: URL }).connection.value, clientPromise)
    assert.equal(modern.normalize({ client, url: URL }).connection.value, client)
  })

  test('a Mongoose instance is understood where a connection is', () => {
    const mongoose = { createConnection () {}, connection }
    assert.equal(legacy.normalize({ mongooseConnection: mongoose }).connection.value, mongoose)
  })

  test('what is none of these is an error that names the option', () => {
    for (const name of ['mongooseConnection', 'db', 'client', 'dbPromise']) {
      assert.throws(() => legacy.normalize({ [name]: {} }), { name: 'TypeError', message: new RegExp(`^${name} must be`) })
    }
    assert.throws(() => modern.normalize({ client: 5 }), { name: 'TypeError', message: /^client must be.*got 5/ })
  })

  test('legacy: a URL without a database gets one warning, which says where sessions were and are', async () => {
    const nameless = ['mongodb://u:hunter2@h', 'mongodb://h/', 'mongodb://h/?authSource=admin', 'mongodb+srv://u:p@h/?w=1']
    const warnings = await warningsOf(() => nameless.forEach(url => legacy.normalize({ url })))
    assert.equal(warnings.length, 1)
    assert.equal(warnings[0].code, 'CONNECT_MONGO_DEFAULT_DATABASE')
    assert.match(warnings[0].message, /^the url names no database.* are in test, .*connect-mongo 3\. Up to 2\.x .*admin.*dbName/)
    assert.doesNotMatch(warnings[0].message, /hunter2/)
  })

  test('legacy: one that is named somewhere gets none, nor does a modern URL', async () => {
    const script = `
      const LegacyStore = MongoStore(session)
      const quiet = { autoRemove: 'disabled' }
      new LegacyStore({ url: 'mongodb://h/app?authSource=admin', ...quiet }).close()
      new LegacyStore({ url: 'mongodb://h:1,i:2/%61pp', ...quiet }).close()
      new LegacyStore({ url: 'mongodb://u:p%40@h', dbName: 'app', ...quiet }).close()
      new LegacyStore({ url: 'mongodb://h', mongoOptions: { dbName: 'app' }, ...quiet }).close()
      new LegacyStore({ db: 'app', ...quiet }).close()
      new MongoStore({ mongoUrl: 'mongodb://h', ...quiet }).close()`
    const { stderr, code } = await runScript(script)
    assert.deepEqual([stderr, code], ['', 0])
  })

  test('legacy: the names of connect-mongo 0.x make a URL, after everything else', () => {
    const url = options => legacy.normalize(options).url
    assert.equal(url({ db: 'app' }), 'mongodb://127.0.0.1:27017/app')
    assert.equal(url({ db: 'app', host: 'h', port: '27018', auto_reconnect: true }), 'mongodb://h:27018/app')
    assert.equal(url({ db: 'app', username: 'me@x', password: 'p:w', ssl: true }),
      'mongodb://me%40x:p%3Aw@127.0.0.1:27017/app?ssl=true')
    assert.equal(url({ db: 'app', url: URL }), URL)
    assert.equal(legacy.normalize({ db: 'app', client }).connection.value, client)
    assert.throws(() => legacy.normalize({ host: 'h' }), { message: /Connection strategy not found/ })
  })

  test('backend: native or driver, and driver for a connection', () => {
    for (const normalize of Object.values(read)) {
      assert.equal(normalize({ backend: 'driver' }).backend, 'driver')
      assert.throws(() => normalize({ backend: 'core' }), { name: 'TypeError', message: /must be 'native' or 'driver'/ })
    }
    assert.throws(() => modern.normalize({ client, backend: 'native' }), { message: /takes a URL/ })
  })

  test('beside options that only connect-mongo has, those of session-mongoose are ignored with a warning', async () => {
    const warnings = await warningsOf(() => read.legacy({ interval: 5, sweeper: true, stringify: true }))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0].message, /ignores interval, sweeper: an option of session-mongoose/)
  })
})
