'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { runScript } = require('../helpers/child')
const { callback, makeSession, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const { dialects } = useCollection('bad-input')

const SECRETS = ['hunter2', '0123456789abcdef']

/** Asserts that nothing of an error, its causes included, has a secret in it. */
function assertDiscreet (error) {
  const text = require('node:util').inspect(error, { depth: 10 })
  for (const secret of SECRETS) assert.ok(!text.includes(secret), text)
}

for (const [dialect, open] of Object.entries(dialects)) {
  const urlOption = dialect === 'legacy' ? 'url' : 'mongoUrl'
  const connect = (url, mongoOptions) => open({ [urlOption]: url, mongoOptions })

  describe(dialect, () => {
    test('a URL that cannot be parsed is thrown by the constructor, by its name', () => {
      const urls = ['bogus', 'http://localhost/x', 'mongodb://', 'mongodb://user:hunter2@', 'mongodb://u:hunter2@h:port/']
      for (const url of urls) {
        assert.throws(() => connect(url), error => {
          assertDiscreet(error)
          return /^Mongo/.test(error.name) && error.message !== ''
        }, url)
      }
    })

    test('a server that is not there fails operations after serverSelectionTimeoutMS', async () => {
      const store = connect('mongodb://user:hunter2@127.0.0.1:1/x', { serverSelectionTimeoutMS: 300 })
      const start = Date.now()
      const operations = [store.get('0123456789abcdef'), store.set('0123456789abcdef', {}), store.ping()]
      await Promise.all(operations.map(operation => assert.rejects(operation, error => {
        assertDiscreet(error)
        return error.name === 'MongoServerSelectionError'
      })))
      const elapsed = Date.now() - start
      assert.ok(elapsed >= 250 && elapsed < 3000, `${elapsed} ms`)
      const [error] = await callback(store, 'get', 'a')
      assert.equal(error.name, 'MongoServerSelectionError')
    })

    test('wrong credentials fail operations, and are not repeated', async () => {
      const store = connect(process.env.MONGODB_URL.replace('://', '://user:hunter2@'), { serverSelectionTimeoutMS: 2000 })
      await assert.rejects(store.get('0123456789abcdef'), error => {
        assertDiscreet(error)
        return /^Mongo/.test(error.name)
      })
    })

    test('a misspelled option is one warning, and the store works', async () => {
      let store
      const warnings = await warningsOf(() => {
        for (let i = 0; i < 3; i++) store = open({ [`touchAfte${dialect[0]}`]: 5 })
      })
      assert.equal(warnings.length, 1)
      assert.match(warnings[0].message, /did you mean touchAfter\?/)
      await store.set('works', makeSession())
    })

    test('an id that no row can have is an error of that operation', async () => {
      const store = open()
      for (const id of [undefined, null, {}, [], () => {}]) {
        await assert.rejects(store.get(id), { name: 'TypeError' })
        const [error] = await callback(store, 'set', id, makeSession())
        assert.equal(error.name, 'TypeError')
      }
    })

    test('after close, operations fail, and close may be called again', async () => {
      const store = open()
      await store.set('closing', makeSession())
      await store.close()
      await store.close()
      await assert.rejects(store.get('closing'), /clos/i)
      const [error] = await callback(store, 'get', 'closing')
      assert.match(error.message, /clos/i)
    })
  })
}

test('debug lines and warnings show six characters of an id, and no password', async () => {
  const { stderr, code } = await runScript(`
    const { hostname } = require('node:os')
    const store = MongoStore.create({ mongoUrl: url, collectionName: 'bad-input', ttls: 5 })
    const sid = '0123456789abcdef'
    store.set(sid, { password: 'hunter2' })
      .then(() => store.get(sid)).then(() => store.touch(sid, {})).then(() => store.destroy(sid))
      .then(() => store.all()).then(() => store.close())`, { env: { DEBUG: 'connect-mongo' } })
  assert.equal(code, 0, stderr)
  for (const method of ['set', 'get', 'touch', 'destroy']) {
    assert.match(stderr, new RegExp(`connect-mongo MongoStore#${method}=012345…`))
  }
  assert.match(stderr, /did you mean ttl\?/)
  for (const secret of SECRETS) assert.ok(!stderr.includes(secret))
})
