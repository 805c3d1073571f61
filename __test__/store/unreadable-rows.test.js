'use strict'

// Rows that nobody can read, and what `onUnreadable` makes of them.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { after, before, beforeEach, describe, test } = require('node:test')
const session = require('express-session')
const { BSONRegExp, MongoClient, ObjectId } = require('mongodb')

const SessionStore = require('../../session-mongoose')(session)
const { runScript } = require('../helpers/child')
const { eventsOf, fresh, loaded } = require('../helpers/conflicts')
const { DATABASE, makeSession, testUrl, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const collection = useCollection('unreadable')
const { keep, rows } = collection

const TEXT = 'content that nobody may see'
const secret = { legacy: { secret: 'secret' }, modern: { crypto: { secret: 'secret' } } }
const throwing = { unserialize: value => { throw Object.assign(new Error('the hook fails'), { value }) } }

/** What is stored, with which options, and the error. */
const ROWS = {
  'a text that is no JSON': { stored: TEXT, error: { name: 'SyntaxError' } },
  'JSON that is cut off': { stored: `{"cookie":{},"text":"${TEXT}`, error: { name: 'SyntaxError' } },
  'the JSON of a text': { stored: JSON.stringify(TEXT), error: { name: 'TypeError', message: /no object: it is a string/ } },
  'a number': { stored: 5, error: { name: 'TypeError', message: /no object: it is a number/ } },
  'a boolean': { stored: true, error: { name: 'TypeError', message: /no object: it is a boolean/ } },
  'an array': { stored: [TEXT], error: { name: 'TypeError', message: /no object: it is an array/ } },
  'a date': { stored: new Date(), error: { name: 'TypeError', message: /no object: it is an object \(Date\)/ } },
  'an ObjectId': { stored: new ObjectId(), error: { name: 'TypeError', message: /no object: it is an object \(ObjectId\)/ } },
  'a document that a hook refuses': { stored: { cookie: {}, text: TEXT }, options: throwing, error: /the hook fails/ },
  'a text that a hook refuses': { stored: TEXT, options: throwing, error: /the hook fails/ },
  'a plain text where encrypted ones are expected': {
    stored: `{"cookie":{},"text":"${TEXT}"}`, options: secret, error: { code: 'ERR_SESSION_UNDECRYPTABLE' }
  },
  'what another secret has encrypted': {
    write: { legacy: { secret: 'another' }, modern: { crypto: { secret: 'another' } } },
    options: secret,
    error: { code: 'ERR_SESSION_UNDECRYPTABLE' }
  }
}

/** Those that take another way through a store with each of FORMS. */
const IN_EACH_FORM = ['a text that is no JSON', 'a document that a hook refuses', 'what another secret has encrypted']

const FORMS = { '': {}, ', with conflicts': { conflicts: 'merge' }, ', as documents': { stringify: false } }

const later = () => new Date(Date.now() + 60_000)

for (const [way, openPlain] of Object.entries(collection.backends)) {
  const dialect = way.split(' ')[0]
  const of = options => options?.legacy ? options[dialect] : options
  const missing = dialect === 'legacy' ? undefined : null

  for (const [form, more] of Object.entries(FORMS)) {
    describe(way + form, () => {
      const open = options => openPlain({ autoRemove: 'disabled', ...more, ...options })
      beforeEach(() => rows.deleteMany({}))

      for (const [what, { stored, write, options, error }] of Object.entries(ROWS)) {
        if (form !== '' && !IN_EACH_FORM.includes(what)) continue
        const put = async _id => {
          if (write === undefined) return rows.insertOne({ _id, session: stored, expires: later() })
          await open(of(write)).set(_id, makeSession({ text: TEXT }))
        }
        const opened = onUnreadable => open({ ...of(options), ...onUnreadable && { onUnreadable } })

        test(`${what}: error, ignore and destroy`, async () => {
          await put('bad')
          const [failing, ignoring, destroying] = [opened(), opened('ignore'), opened('destroy')]
          await assert.rejects(failing.get('bad'), error)
          if (!of(options)?.unserialize) {
            await assert.rejects(failing.get('bad'), ({ message, stack }) => !`${message}${stack}`.includes(TEXT))
          }
          assert.equal(await ignoring.get('bad'), missing)
          assert.equal(await rows.countDocuments(), 1, 'nobody has asked to remove it')

          const events = eventsOf(destroying)
          assert.deepEqual(await Promise.all([destroying.get('bad'), destroying.get('bad')]), [missing, missing])
          assert.equal(await rows.countDocuments(), 0)
          assert.deepEqual(events, [{ name: 'destroy', sid: 'bad', details: undefined }])
        })

        test(`${what}: leaves its neighbours in a list alone, and stays`, async () => {
          await put('bad')
          const readable = of(options)?.unserialize ? [] : ['good', 'other']
          for (const sid of readable) await open(of(options)).set(sid, makeSession({ sid }))
          for (const onUnreadable of ['error', 'ignore', 'destroy']) {
            const store = opened(onUnreadable)
            assert.deepEqual((await store.all()).map(({ sid }) => sid).sort(), readable, onUnreadable)
            const listed = []
            for await (const { id } of store.entries()) listed.push(id)
            assert.deepEqual(listed, readable, onUnreadable)
            assert.equal((await store.ids()).length, readable.length + 1, onUnreadable)
          }
          assert.equal(await rows.countDocuments(), readable.length + 1)
        })
      }

      test('a row that somebody mends before it can be removed stays, and is read', async () => {
        await rows.insertOne({ _id: 'bad', session: TEXT, expires: later() })
        const store = open({
          onUnreadable: 'destroy',
          serialize: value => value,
          unserialize (value) {
            if (value !== TEXT) return value
            mendElsewhere()
            throw new Error('it was bad')
          }
        })
        assert.equal((await store.get('bad')).mended, true)
        assert.equal(await rows.countDocuments({ 'session.mended': true }), 1)
      })

      test('what is no fault of the row removes nothing', { skip: dialect === 'legacy' }, async () => {
        const never = new Promise(() => {})
        const cryptoAdapter = { encrypt: async text => text, decrypt: () => never }
        const store = open({ onUnreadable: 'destroy', cryptoAdapter, operationTimeoutMS: 300 })
        await rows.insertOne({ _id: 'slow', session: 'never decrypted', expires: later() })
        await assert.rejects(store.get('slow'), { name: 'MongoOperationTimeoutError' })
        assert.equal(await rows.countDocuments(), 1)
      })
    })
  }

  test(`${way}: with conflicts, a stored session that cannot be read is no side of a merge`, async () => {
    for (const [onUnreadable, outcome] of [['error', 'fails'], ['ignore', 'saves'], ['destroy', 'saves']]) {
      const store = openPlain({ autoRemove: 'disabled', conflicts: 'merge', onUnreadable })
      await store.set('spoilt', fresh(store, 'spoilt', { n: 0 }))
      const object = await loaded(store, 'spoilt')
      await rows.updateOne({ _id: 'spoilt' }, { $set: { session: TEXT } })
      object.n = 1
      if (outcome === 'fails') await assert.rejects(store.set('spoilt', object), SyntaxError)
      else {
        await store.set('spoilt', object)
        assert.equal((await store.get('spoilt')).n, 1)
      }
    }
  })

  test(`${way}: a row that cannot be matched again stays, and fails clearly`, async () => {
    await rows.deleteMany({})
    // JavaScript's RegExp has no such option: the driver reads another value than the one that is stored.
    await rows.insertOne({ _id: 'unmatched', session: { pattern: new BSONRegExp('a', 'x') }, expires: later() })
    const store = openPlain({
      autoRemove: 'disabled',
      onUnreadable: 'destroy',
      serialize: value => value,
      unserialize: () => { throw new Error('the hook fails') }
    })
    if (way.includes(' on ')) await assert.rejects(store.get('unmatched'), /the hook fails/)
    else assert.equal(await store.get('unmatched'), missing) // the core keeps every byte
    assert.equal(await rows.countDocuments(), way.includes(' on ') ? 1 : 0)
  })
}

describe('session-mongoose', () => {
  const ways = {
    'by URL': options => keep(new SessionStore({ url: testUrl(), collection: 'unreadable-mongoose', sweeper: false, ...options })),
    'by the driver': options => keep(new SessionStore({
      url: testUrl(), backend: 'driver', collection: 'unreadable-mongoose', sweeper: false, ...options
    }))
  }
  const client = new MongoClient(testUrl())
  const sids = client.db(DATABASE).collection('unreadable-mongoose')
  before(() => sids.drop().catch(() => {}))
  after(() => client.close())

  for (const [way, open] of Object.entries(ways)) {
    test(way, async () => {
      await sids.insertOne({ sid: 'bad', data: 5, expires: null })
      await assert.rejects(open().get('bad'), TypeError)
      assert.ok(!await open({ onUnreadable: 'ignore' }).get('bad'))
      assert.equal(await sids.countDocuments(), 1)
      assert.ok(!await open({ onUnreadable: 'destroy' }).get('bad'))
      assert.equal(await sids.countDocuments(), 0)
    })
  }
})

test('without the addon', async () => {
  await rows.deleteMany({})
  await rows.insertOne({ _id: 'bad', session: TEXT, expires: later() })
  const { code, stdout, stderr } = await runScript(`
    const { MongoClient } = require('mongodb')
    const store = MongoStore.create({
      client: new MongoClient(url), collectionName: 'unreadable', autoRemove: 'disabled', onUnreadable: 'destroy'
    })
    store.get('bad').then(found => console.log(found)).then(() => store.close())
  `, { env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere/there-is-no-addon.node' } })
  assert.deepEqual([code, stdout.trim()], [0, 'null'], stderr)
  assert.equal(await rows.countDocuments(), 0)
})

test('a list that leaves sessions out gives one warning, which shows nothing of them', async () => {
  const client = new MongoClient(testUrl())
  const other = client.db(DATABASE).collection('unreadable-warning')
  await other.deleteMany({})
  await other.insertMany(['one', 'two'].map(_id => ({ _id, session: TEXT, expires: later() })))
  const warnings = await warningsOf(async () => {
    const store = collection.modern({ collectionName: 'unreadable-warning', autoRemove: 'disabled' })
    assert.deepEqual(await store.all(), [])
    assert.deepEqual(await store.all(), [])
  })
  await client.close()
  const given = warnings.filter(({ code }) => code === 'CONNECT_MONGO_UNREADABLE')
  assert.equal(given.length, 1)
  assert.match(given[0].message, /^unreadable-warning: sessions that cannot be read are left out/)
  assert.ok(!given[0].message.includes(TEXT))
})

describe('the option', () => {
  for (const [dialect, open] of Object.entries(collection.dialects)) {
    test(`${dialect}: has three values, and an older name`, async () => {
      assert.throws(() => open({ onUnreadable: 'distroy' }), /onUnreadable must be .*did you mean destroy\?/)
      assert.throws(() => open({ onUndecryptable: true }), /onUndecryptable must be/)
      assert.throws(() => open({ onUnreadable: 'error', onUndecryptable: 'ignore' }), /differ: give onUnreadable alone/)
      open({ onUnreadable: 'ignore', onUndecryptable: 'ignore' })
      await rows.deleteMany({})
      await rows.insertOne({ _id: 'bad', session: TEXT, expires: later() })
      assert.ok(!await open({ onUndecryptable: 'ignore', autoRemove: 'disabled' }).get('bad'))
    })
  }
})

/** Another process writes a good session into the row, while this one is in a hook. */
function mendElsewhere () {
  const script = `
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(process.env.TEST_URL)
    client.db('${DATABASE}').collection('unreadable')
      .updateOne({ _id: 'bad' }, { $set: { session: { cookie: {}, mended: true } } }).then(() => client.close())`
  execFileSync(process.execPath, ['-e', script], { cwd: __dirname, env: { ...process.env, TEST_URL: testUrl() } })
}
