'use strict'

// The event 'expire': each session that has expired is announced by one of those who listen, after it was
// removed.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { Mongoose } = require('mongoose')

const { Expiry } = require('../../lib/store/expiry')
const SessionStore = require('../../session-mongoose')(session)
const { inEachForm } = require('../helpers/forms')
const { within } = require('../helpers/rows')
const { DATABASE, makeSession, useCollection } = require('../helpers/stores')
const { warningsOf } = require('../helpers/warnings')

const { url, rows, backends } = useCollection('expire')

/** About a second. */
const OFTEN = { autoRemove: 'interval', autoRemoveInterval: 0.015 }
const PAST = -1000

const mongooses = []
after(() => Promise.all(mongooses.map(connection => connection.close())))

function mongooseConnection () {
  mongooses.push(new Mongoose().createConnection(url))
  return mongooses.at(-1)
}

/** What a store announces, as `[id, session]`. */
function heardOf (store) {
  const heard = []
  store.on('expire', (...details) => heard.push(details))
  return heard
}

/** The names of the commands on the collection while `action` runs. */
async function commandsDuring (action) {
  const db = rows.client.db(DATABASE)
  await db.command({ profile: 2 })
  try {
    await action()
  } finally {
    await db.command({ profile: 0 })
  }
  const profiled = await db.collection('system.profile').find({ ns: rows.namespace }).toArray()
  await db.collection('system.profile').drop()
  return profiled.map(({ op, command }) => op === 'command' ? Object.keys(command)[0] : op)
}

describe("session-mongoose's", () => {
  const WAYS = {
    'by URL': () => ({ url }),
    'on a Mongoose connection': () => ({ connection: mongooseConnection() })
  }
  for (const [way, connection] of Object.entries(WAYS)) {
    test(`${way}: sessions are announced by their session ids`, async t => {
      const collection = `expire-mongoose-${way}`.replaceAll(' ', '-')
      const store = new SessionStore({ ...connection(), collection, interval: 200 })
      t.after(() => store.close())
      const heard = heardOf(store)
      await store.set('live', makeSession({ user: 'two' }))
      await store.set('old', makeSession({ user: 'one' }, PAST))
      assert.ok(await within(8000, () => heard.length > 0))
      assert.deepEqual(heard.map(([id, { user }]) => [id, user]), [['old', 'one']])
      await store.set('older', makeSession({ user: 'three' }, PAST))
      await store.sweep()
      assert.ok(await within(8000, () => heard.length > 1)) // by this sweep, or by that of the interval
      assert.equal((await store.get('live')).user, 'two')
    })
  }

  test('without the sweeper, nothing is announced, and a warning says what to do', async t => {
    const warnings = await warningsOf(async () => {
      const store = new SessionStore({ url, collection: 'expire-mongoose-disabled', sweeper: false })
      t.after(() => store.close())
      heardOf(store)
      await store.ping()
      await sleep(50)
    })
    assert.match(warnings[0].message, /nobody removes expired sessions. Remedy: sweeper: true, without ttl, in all processes/)
  })
})

describe('the event expire', () => {
  for (const { name, open } of inEachForm(backends, OFTEN)) {
    test(`${name}: has the session, which is removed by then`, async () => {
      const store = open()
      const id = `of ${name}`
      const looks = []
      const heard = heardOf(store)
      store.on('expire', id => looks.push(rows.findOne({ _id: id })))
      await store.set(id, makeSession({ user: 'one' }, PAST))
      await store.set('live', makeSession({ user: 'two' }))
      assert.ok(await within(8000, () => heard.length > 0))
      assert.deepEqual(heard.map(([id, { user, cookie }]) => [id, user, typeof cookie]), [[id, 'one', 'object']])
      assert.deepEqual(await Promise.all(looks), [null])
      assert.equal((await store.get('live')).user, 'two')
      assert.equal((await store.stats()).swept, 1)
      await store.close()
    })
  }

  for (const [name, open] of Object.entries(backends)) {
    test(`${name}: what cannot be read is announced without a session`, async () => {
      const store = open(OFTEN)
      const heard = heardOf(store)
      await rows.insertOne({ _id: 'unreadable', session: '{', expires: new Date(0) })
      assert.ok(await within(8000, () => heard.length > 0))
      assert.deepEqual(heard, [['unreadable', undefined]])
      await store.close()
    })

    test(`${name}: the id is the stored one, of any type`, async () => {
      const store = open({ ...OFTEN, transformId: id => Number(id) })
      const heard = heardOf(store)
      await store.set('7', makeSession({}, PAST))
      assert.ok(await within(8000, () => heard.length > 0))
      assert.equal(heard[0][0], 7)
      await store.close()
    })

    test(`${name}: sweep() announces, too, page by page, and counts`, async () => {
      const store = open({ autoRemove: 'interval' })
      const heard = heardOf(store)
      const expired = Array.from({ length: 2500 }, (_, n) => ({ _id: `p${n}`, session: '{}', expires: new Date(0) }))
      await rows.insertMany(expired)
      assert.equal(await store.sweep(), 2500)
      assert.equal(new Set(heard.map(([id]) => id)).size, 2500)
      assert.equal(heard.length, 2500)
      await store.close()
    })

    test(`${name}: a claim is acknowledged, also with w: 0`, async () => {
      const store = open({ autoRemove: 'interval', writeOperationOptions: { w: 0 } })
      const heard = heardOf(store)
      await rows.insertMany([1, 2, 3].map(n => ({ _id: `w${n}`, session: '{}', expires: new Date(0) })))
      assert.equal(await store.sweep(), 3)
      assert.deepEqual(heard.map(([id]) => id).sort(), ['w1', 'w2', 'w3'])
      await store.close()
    })

    test(`${name}: without a listener a sweep is one command`, async () => {
      const store = open(OFTEN)
      await store.ping()
      await rows.insertMany([1, 2, 3].map(_id => ({ _id: `q${_id}`, session: '{}', expires: new Date(0) })))
      const commands = await commandsDuring(async () => {
        const { sweeps } = await store.stats()
        assert.ok(await within(8000, async () => (await store.stats()).sweeps > sweeps))
        await store.close()
      })
      assert.ok(commands.includes('remove'))
      assert.deepEqual(commands.filter(name => name !== 'remove'), [])
      assert.equal(await rows.countDocuments({ _id: /^q/ }), 0)
    })

    test(`${name}: a session that is touched between listing and claim stays, unannounced`, async () => {
      const store = open({ autoRemove: 'interval' })
      const heard = []
      const ids = Array.from({ length: 1000 }, (_, n) => `t${n}`)
      await rows.insertMany(ids.map(_id => ({ _id, session: '{}', expires: new Date(0) })))
      let touched
      store.on('expire', id => {
        heard.push(id)
        touched ??= rows.updateMany({ _id: { $in: ids } }, { $set: { expires: new Date(Date.now() + 60_000) } })
      })
      assert.equal(await store.sweep(), heard.length)
      await touched
      assert.equal(await rows.countDocuments({ _id: { $in: ids } }), ids.length - heard.length)
      assert.ok(heard.length < ids.length, `${heard.length} announced`)
      await rows.deleteMany({ _id: { $in: ids } })
      await store.close()
    })

    test(`${name}: what is under way at close is announced before it resolves, and nothing after`, async () => {
      // The first is quick, and others are being decrypted then.
      let decrypted = 0
      const slow = { encrypt: async text => text, decrypt: text => sleep(decrypted++ === 0 ? 0 : 500, text) }
      const store = open({ autoRemove: 'interval', ...name.startsWith('modern') && { cryptoAdapter: slow } })
      const heard = []
      await rows.insertMany(Array.from({ length: 500 }, (_, n) => ({ _id: `c${n}`, session: '{}', expires: new Date(0) })))
      let closing
      store.on('expire', id => {
        heard.push(id)
        closing ??= store.close()
      })
      const sweeping = store.sweep()
      assert.ok(await within(8000, () => closing !== undefined))
      await closing
      const announced = heard.length
      await sweeping
      await sleep(1000)
      assert.equal(heard.length, announced)
      assert.equal(await rows.countDocuments({ _id: /^c/ }), 500 - announced)
      assert.ok(announced <= 16, `${announced} announced`)
      await rows.deleteMany({})
    })

    test(`${name}: a TTL index on the collection, and another autoRemove, are warned of`, async () => {
      await rows.createIndex({ expires: 1 }, { expireAfterSeconds: 100_000, name: 'by TTL' })
      try {
        const collection = name.startsWith('legacy') ? 'collection' : 'collectionName'
        // Each text is given once per process.
        const own = `expire-${name}`.replaceAll(' ', '-')
        const other = rows.client.db(DATABASE).collection(own)
        await other.createIndex({ expires: 1 }, { expireAfterSeconds: 100_000, name: 'by TTL' })
        const warnings = await warningsOf(async () => {
          const store = open({ ...OFTEN, [collection]: own })
          heardOf(store)
          assert.ok(await within(8000, async () => (await store.stats()).sweeps > 1))
          await store.close()
          const disabled = open({ autoRemove: 'disabled', [collection]: own })
          heardOf(disabled)
          await disabled.ping()
          await sleep(50)
          await disabled.close()
        })
        const texts = warnings.map(({ code, message }) => [code, message.split(': ')[1].slice(0, 34)])
        assert.deepEqual(texts, [
          ['CONNECT_MONGO_EXPIRE', 'the collection has a TTL index, by'],
          ['CONNECT_MONGO_EXPIRE', 'the event expire is emitted by sto']
        ])
        await other.drop()
      } finally {
        await rows.dropIndex('by TTL')
      }
    })
  }
})

test('a sweep that fails is an error of its realm', async () => {
  const told = []
  const reason = { isOfCore: true, name: 'MongoServerError', message: 'no' } // as the core rejects
  const backend = { expired: () => Promise.reject(reason) }
  const store = { listenerCount: () => 1 }
  const expiry = new Expiry(store, backend, {}, {}, (...event) => told.push(event))
  await expiry.due(() => {})
  const [[name, error]] = told
  assert.ok(name === 'error' && error instanceof Error, String(error))
  assert.deepEqual([error.name, error.message], ['MongoServerError', 'no'])
})

describe('the event expire in 3 processes', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'expire-'))
  after(() => fs.rmSync(folder, { recursive: true }))

  /** Starts processes; resolves when all rows are gone to what each has announced. `kills`: the first. */
  async function sweep ({ collection, borrows, kills }) {
    const all = rows.client.db(DATABASE).collection(collection)
    await all.drop().catch(() => {}) // there may be none
    const session = n => JSON.stringify({ cookie: {}, user: `u${n}` })
    const expired = Array.from({ length: 10_000 }, (_, n) => ({ _id: `s${n}`, session: session(n), expires: new Date(0) }))
    await all.insertMany([...expired, { _id: 'live', session: '{}', expires: new Date(Date.now() + 1e7) }])
    const files = [0, 1, 2].map(n => path.join(folder, `${collection}-${n}`))
    const children = files.map(FILE => fork(path.join(__dirname, '../helpers/sweeping-app.js'), {
      env: { ...process.env, TEST_URL: url, COLLECTION: collection, FILE, ...borrows && { BORROWS: '1' } }
    }))
    const ends = children.map(child => once(child, 'exit'))
    const linesOf = file => fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
    try {
      if (kills) {
        assert.ok(await within(60_000, () => linesOf(files[0]).length > 200))
        children[0].kill('SIGKILL')
        await ends[0]
        assert.ok(await all.countDocuments({}) > 100, 'it was killed too late')
      }
      assert.ok(await within(120_000, async () => await all.countDocuments({}) === 1))
    } finally {
      children.forEach(child => child.connected && child.send('close'))
      await Promise.all(ends)
    }
    await all.drop()
    return files.map(linesOf)
  }

  for (const borrows of [false, true]) {
    const name = borrows ? 'borrowed' : 'native'

    test(`${name}: 10,000 sessions are announced once each`, async () => {
      const announced = await sweep({ collection: `expire-${name}`, borrows })
      assert.ok(announced.every(lines => lines.length > 0), 'all three have their share')
      const lines = announced.flat()
      assert.equal(lines.length, 10_000)
      assert.deepEqual(new Set(lines), new Set(Array.from({ length: 10_000 }, (_, n) => `s${n} u${n}`)))
    })

    test(`${name}: with one killed on the way, none twice, and none is lost but those that it had claimed`, async () => {
      const lines = (await sweep({ collection: `expire-killed-${name}`, borrows, kills: true })).flat()
      assert.equal(new Set(lines).size, lines.length)
      assert.ok(lines.length >= 10_000 - 8, `${10_000 - lines.length} lost`)
    })
  }
})
