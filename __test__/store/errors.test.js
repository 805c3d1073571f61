'use strict'

// What a failed operation rejects with: an Error of the caller's realm, whose stack leads to who awaits it.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { MongoClient, MongoServerError } = require('mongodb')

const { loadInRealm } = require('../helpers/realm')
const { callback, makeSession, MongoStore, testUrl, useCollection } = require('../helpers/stores')

const { backends } = useCollection('errors')

const OPERATIONS = {
  get: store => store.get('a'),
  set: store => store.set('a', makeSession()),
  touch: store => store.touch('a', makeSession()),
  destroy: store => store.destroy('a'),
  all: store => store.all(),
  ids: store => store.ids(),
  length: store => store.length(),
  clear: store => store.clear(),
  sweep: store => store.sweep(),
  ping: store => store.ping()
}

/** Whose name is to be in the stack. */
async function theAppsOwnFunction (store, operation) {
  await operation(store)
}

/** The error of `operation`, as an app gets it. */
function failure (store, operation) {
  return theAppsOwnFunction(store, operation).then(() => assert.fail('it succeeded'), error => error)
}

for (const [dialect, open] of Object.entries(backends)) {
  describe(dialect, () => {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      test(`${name}: the stack begins with the error's name and leads to who awaits it`, async () => {
        const store = open()
        await store.close()
        const errors = await Promise.all([failure(store, operation), failure(store, operation)])
        assert.notEqual(errors[0], errors[1])
        for (const error of errors) {
          assert.ok(error instanceof Error)
          assert.equal(error.name, 'MongoClientClosedError')
          assert.match(error.stack, /^MongoClientClosedError: the store has been closed\n/)
          assert.match(error.stack, /at async theAppsOwnFunction \(.*errors\.test\.js/)
        }
      })
    }

    test('a session that is too large, too', async () => {
      const error = await failure(open(), store => store.set('a', makeSession({ text: 'x'.repeat(17 << 20) })))
      assert.deepEqual([error.name, error.code, error.codeName], ['MongoServerError', 10334, 'BSONObjectTooLarge'])
      assert.match(error.stack, /at (async )?theAppsOwnFunction/)
    })

    test('a callback gets the same kind of error', async () => {
      const store = open()
      await store.close()
      const [error] = await callback(store, 'get', 'a')
      assert.ok(error instanceof Error)
      assert.match(error.stack, /^MongoClientClosedError: the store has been closed\n\s+at /)
    })
  })
}

describe('an operation that runs out of time', () => {
  const NOBODY = 'mongodb://127.0.0.1:9/'
  const ways = {
    'by URL': options => MongoStore.create({ mongoUrl: NOBODY, ...options }),
    'by URL, encrypted': options => MongoStore.create({ mongoUrl: NOBODY, crypto: { secret: 's' }, ...options }),
    'on a client': options => MongoStore.create({ client: new MongoClient(NOBODY), ...options }),
    'dialled by the driver': options => MongoStore.create({ mongoUrl: NOBODY, backend: 'driver', ...options })
  }
  for (const [way, open] of Object.entries(ways)) {
    test(`${way}: its stack leads to who awaits it`, async () => {
      const store = open({ operationTimeoutMS: 50, autoRemove: 'disabled' })
      for (const operation of [OPERATIONS.get, OPERATIONS.set, OPERATIONS.length]) {
        const { stack } = await failure(store, operation)
        assert.match(stack, /^Mongo(OperationTimeout|ServerSelection)Error: .*\n(.*\n)*.*at async theAppsOwnFunction/)
      }
      await store.close()
    })
  }
})

describe('in a realm of its own, as under Jest', () => {
  const { MongoStore: InRealm, RealmError } = loadInRealm()
  const ways = {
    'by URL': uri => InRealm.create({ mongoUrl: uri, autoRemove: 'disabled', operationTimeoutMS: 300 }),
    'on a client': uri =>
      InRealm.create({ client: new MongoClient(uri), autoRemove: 'disabled', operationTimeoutMS: 300 })
  }

  assert.notEqual(RealmError, Error)
  for (const [way, open] of Object.entries(ways)) {
    test(`${way}: what fails is an Error of that realm`, async () => {
      const store = open(testUrl())
      await store.ping()
      await store.close()
      for (const operation of Object.values(OPERATIONS)) {
        assert.ok(await failure(store, operation) instanceof RealmError)
      }
    })

    test(`${way}: so is its cause, and what an error event has`, async () => {
      const store = open('mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200')
      const emitted = new Promise(resolve => store.once('error', resolve))
      const error = await failure(store, OPERATIONS.get)
      assert.equal(error.name, 'MongoServerSelectionError')
      assert.ok(error instanceof RealmError)
      if (way === 'by URL') {
        assert.ok(error.cause instanceof RealmError)
        assert.ok(await emitted instanceof RealmError)
      }
      await store.close()
    })
  }

  test('so is what a constructor throws, with a stack that leads to it', () => {
    function theAppsOwnFunction () {
      InRealm.create({ mongoUrl: 'mongodb://localhost/?w=majority&journal=maybe' })
    }
    assert.throws(theAppsOwnFunction, error => {
      assert.ok(error instanceof RealmError)
      assert.match(error.stack, /^Mongo\w+Error: .*\n(.*\n)*.*at theAppsOwnFunction/)
      return true
    })
  })
})

test("a server's error keeps its code, and what an app's own driver has thrown stays the driver's", async () => {
  const refused = { writeOperationOptions: { w: 'nobody', wtimeout: 10 }, autoRemove: 'disabled' }
  const ofCore = MongoStore.create({ mongoUrl: testUrl(), ...refused })
  const ofDriver = MongoStore.create({ client: new MongoClient(testUrl()), ...refused })
  const errors = await Promise.all([ofCore, ofDriver].map(store => failure(store, OPERATIONS.set)))
  await Promise.all([ofCore, ofDriver].map(store => store.close()))
  const properties = errors.map(({ name, code, codeName, errorLabels }) => ({ name, code, codeName, errorLabels }))
  assert.deepEqual(properties[0], properties[1])
  assert.deepEqual([properties[0].name, typeof properties[0].code], ['MongoServerError', 'number'])
  assert.ok(errors[1] instanceof MongoServerError)
})
