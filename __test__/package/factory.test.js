'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { after, describe, test } = require('node:test')
const session = require('express-session')

const MongoStore = require('../..')
const sessionMongoose = require('../../session-mongoose')
const { installedApp } = require('../helpers/installed-app')
const { makeSession, useCollection } = require('../helpers/stores')

describe('the export', () => {
  test('is one value under every name', () => {
    assert.equal(MongoStore.default, MongoStore)
    assert.equal(MongoStore.MongoStore, MongoStore)
    assert.equal(MongoStore.__esModule, true)
    assert.ok(!Object.keys(MongoStore).includes('__esModule'))
    assert.equal(MongoStore.name, 'MongoStore')
    assert.equal(require('connect-mongo-native'), MongoStore)
    assert.equal(require('connect-mongo-native/es5'), MongoStore)
  })

  test('is importable, with its names', async () => {
    const namespace = await import('connect-mongo-native')
    assert.equal(namespace.default, MongoStore)
    assert.equal(namespace.MongoStore, MongoStore)
    assert.equal(namespace.create, MongoStore.create)
  })
})

describe('called with the session module', () => {
  test('it makes a class on top of the Store in it', () => {
    class Store {}
    for (const connect of [{ Store }, { session: { Store } }, Object.assign(() => {}, { session: { Store } })]) {
      const MadeStore = MongoStore(connect)
      assert.ok(MadeStore.prototype instanceof Store)
      assert.equal(MadeStore.name, 'MongoStore')
    }
    assert.ok(MongoStore(session).prototype instanceof session.Store)
  })

  test('and on top of what `import * as session` makes of it', async () => {
    assert.ok(MongoStore(await import('express-session')).prototype instanceof session.Store)
  })

  test('it does not touch `session` of a module that has `Store`', () => {
    const connect = { Store: class {}, get session () { throw new Error('gone') } }
    assert.ok(MongoStore(connect).prototype instanceof connect.Store)
  })

  for (const express of ['express-4', 'express']) {
    test(`${express} has no sessions of its own: express-session is used`, () => {
      assert.ok(MongoStore(require(express)).prototype instanceof session.Store)
    })
  }

  test('each call makes a class of its own', () => {
    assert.notEqual(MongoStore(session), MongoStore(session))
  })

  test('fallbackMemory: a MemoryStore of the module, and no connection', () => {
    const LegacyStore = MongoStore(session)
    assert.ok(new LegacyStore({ fallbackMemory: true }) instanceof session.MemoryStore)
    class MemoryStore {}
    const OldStore = MongoStore({ session: { Store: class {}, MemoryStore } })
    assert.ok(new OldStore({ fallbackMemory: true, url: 'mongodb://x' }) instanceof MemoryStore)
  })
})

describe('paths of older releases', () => {
  const SOME = [
    'es5', 'index', 'index.js', 'src', 'src/index.js', 'src-es5', 'src-es5/index', 'lib/connect-mongo', 'lib/connect-mongo.js',
    'build/main', 'build/main/index.js', 'build/main/lib/MongoStore', 'build/main/lib/MongoStore.js', 'build/module/index.js'
  ]
  for (const path of SOME) {
    test(`${path} is the package`, async () => {
      assert.equal(require(`connect-mongo-native/${path}`), MongoStore)
      assert.equal((await import(`connect-mongo-native/${path}`)).default, MongoStore)
    })
  }

  test('those of session-mongoose, too', () => {
    assert.equal(require('connect-mongo-native/session-mongoose/index.js'), sessionMongoose)
    assert.equal(require('connect-mongo-native/session-mongoose.js'), sessionMongoose)
  })

  test('any other one is an error that names the right lines, each time', async () => {
    const expected = {
      code: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      message: /no such path.*require\('connect-mongo-native'\)\(require.*\.create\(.*connect-mongo-native\/session-mongoose'\)/
    }
    for (const path of ['nonsense', 'src/crypto', 'lib/store.js', 'dist/index.mjs', 'lib/support/warnings']) {
      for (let times = 0; times < 2; times++) assert.throws(() => require(`connect-mongo-native/${path}`), expected, path)
      await assert.rejects(import(`connect-mongo-native/${path}`), expected, path)
    }
  })
})

describe('session-mongoose up to 0.1, whose class was its export', () => {
  const { url, rows } = useCollection('direct')
  const options = { url, collection: 'direct', sweeper: false }

  test('makes stores that work', async () => {
    const store = new sessionMongoose(options)
    assert.ok(store instanceof sessionMongoose && store instanceof session.Store)
    assert.equal(store.constructor, sessionMongoose)
    await store.set('a', makeSession({ n: 1 }))
    assert.equal((await rows.findOne({ sid: 'a' })).data.n, 1)
    await store.close()
  })

  test('can be extended', async () => {
    class Mine extends sessionMongoose {
      mine () { return this.get('a') }
    }
    const store = new Mine(options)
    assert.equal((await store.mine()).n, 1)
    await store.close()
  })

  test('with options that are missing or wrong', async () => {
    const store = new sessionMongoose()
    assert.equal(store.options.url, 'mongodb://localhost/sessions')
    await store.close()
    assert.throws(() => new sessionMongoose('mongodb://localhost'),
      { name: 'TypeError', message: /an object of options/ })
  })

  test('with `new` and the session module it makes the class, as without', () => {
    for (const connect of [session, { session }]) {
      const Made = new sessionMongoose(connect)
      assert.ok(Made.prototype instanceof session.Store)
    }
  })

  test('without `new` the error names the right lines', () => {
    for (const argument of [options, null, 'mongodb://localhost', {}]) {
      assert.throws(() => sessionMongoose(argument), {
        name: 'TypeError', message: /session-mongoose'\)\(require\('express-session'\)\).*new \(require\('connect-mongo-native\/session-mongoose'\)\)/
      })
    }
  })
})

describe('called the wrong way', () => {
  test('as a factory of anything else, it names the right ways', () => {
    for (const argument of [undefined, null, 'mongodb://localhost', { mongoUrl: 'mongodb://localhost' }, {}, 5]) {
      assert.throws(() => MongoStore(argument), {
        name: 'TypeError', message: /MongoStore\.create\(\{ mongoUrl.*require\('connect-mongo-native'\)\(require/
      })
    }
  })

  test('with `new` and the session module', () => {
    assert.throws(() => new MongoStore(session), { name: 'TypeError', message: /is used as/ })
  })

  test('without a connection', () => {
    const LegacyStore = MongoStore(session)
    assert.throws(() => new LegacyStore(), /Connection strategy not found/)
    assert.throws(() => new MongoStore(), /Cannot init client/)
    assert.throws(() => MongoStore.create({}), /mongoUrl\|clientPromise\|client/)
  })
})

describe('without express-session', () => {
  const app = installedApp()
  after(() => app.remove())

  /** The message of the error that a script ends with, in an app with this package only. */
  function messageOf (script) {
    const source = `try { ${script}; console.log('none') } catch (error) { console.log(error.message) }`
    return spawnSync(process.execPath, ['-e', source], { cwd: app.folder, encoding: 'utf8' }).stdout.trim()
  }

  test('the package loads, and legacy apps that bring their own sessions need no more', () => {
    assert.equal(messageOf("require('connect-mongo-native')({ session: { Store: class {} } })"), 'none')
  })

  test('a modern store says what to install', () => {
    assert.match(messageOf("new (require('connect-mongo-native'))({ url: 'mongodb://localhost' })"), /npm install express-session/)
  })

  test('so does a module without sessions', () => {
    assert.match(messageOf("require('connect-mongo-native')(function express () {})"), /npm install express-session/)
  })

  test('backend: driver with a URL, and the handles of a URL, say to install mongodb', async () => {
    const prelude = "const MongoStore = require('connect-mongo-native')({ Store: class {} }); const url = 'mongodb://localhost'"
    assert.match(messageOf(`${prelude}; new MongoStore({ url, backend: 'driver' })`), /npm install mongodb/)
    for (const handle of ['client', 'db', 'collection']) {
      assert.match(messageOf(`${prelude}; new MongoStore({ url }).${handle}`), /needs the package mongodb: npm install mongodb/)
    }
  })

  test('stringify: false says to install bson', () => {
    const script = `
      const MongoStore = require('connect-mongo-native')({ Store: class {} })
      new MongoStore({ url: 'mongodb://localhost', stringify: false })`
    assert.match(messageOf(script), /needs the package bson: npm install bson/)
  })
})
