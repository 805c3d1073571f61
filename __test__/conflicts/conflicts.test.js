'use strict'

// Requests of one session that overlap: what each save does that finds its session changed, gone or new.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { eventsOf, fresh, loaded, stored } = require('../helpers/conflicts')
const { inEachForm } = require('../helpers/forms')
const { skipsBefore } = require('../helpers/server-version')
const { useCollection } = require('../helpers/stores')

const collection = useCollection('conflicts')

const STORES = inEachForm(collection.backends, { conflicts: 'merge', autoRemove: 'disabled' })

const countsOf = async store => {
  const { conflicts, merges, gone } = await store.stats()
  return { conflicts, merges, gone }
}

let sids = 0
const nextSid = () => `conflict-${++sids}`

for (const { name, open } of STORES) {
  describe(name, () => {
    test('each of two requests keeps what it changed', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { kept: 1, deleted: 1, at: new Date(5) }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      const events = eventsOf(store)
      one.one = 'é'
      delete one.deleted
      other.other = { deep: [1, 2] }
      other.kept = 2
      await Promise.all([store.set(sid, one), store.set(sid, other)])
      const { at, ...rest } = await stored(store, sid)
      assert.deepEqual(rest, { kept: 2, one: 'é', other: { deep: [1, 2] } })
      assert.equal(new Date(at).getTime(), 5)
      assert.deepEqual(events.map(event => event.name), ['update', 'set', 'update', 'set'])
      assert.equal(events[0].details, undefined)
      assert.equal(events[2].details.one, 'é', 'a merge announces the merged session')
      assert.deepEqual(await countsOf(store), { conflicts: 1, merges: 1, gone: 0 })
    })

    test('a second save of either deletes nothing of the other', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      one.one = 1
      await store.set(sid, one)
      other.other = 1
      await store.set(sid, other)
      assert.equal(other.one, undefined, "the app's object stays as it is")
      other.again = 1
      await store.set(sid, other)
      delete one.n
      await store.set(sid, one)
      assert.deepEqual(await stored(store, sid), { one: 1, other: 1, again: 1 })
    })

    test('what is gone stays gone', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [slow, slower] = [await loaded(store, sid), await loaded(store, sid)]
      await store.destroy(sid)
      const events = eventsOf(store)
      slow.late = 1
      await store.set(sid, slow)
      await store.touch(sid, slower)
      assert.equal(await store.get(sid), await store.get('there is none'))
      assert.deepEqual(events, [{ name: 'gone', sid, details: undefined }, { name: 'gone', sid, details: undefined }])
      slow.later = 1
      await store.set(sid, slow)
      assert.equal((await countsOf(store)).gone, 3)
      assert.equal(await collection.rows.countDocuments({ _id: sid }), 0)
    })

    test('two first requests with one id are merged', async () => {
      const store = open()
      const sid = nextSid()
      const events = eventsOf(store)
      await Promise.all(['one', 'other'].map(name => store.set(sid, fresh(store, sid, { [name]: 1 }))))
      assert.deepEqual(await stored(store, sid), { one: 1, other: 1 })
      assert.deepEqual(events.map(event => event.name), ['create', 'set', 'update', 'set'])
    })

    test('saves of one object queue, and a get called after them sees the last', async () => {
      const store = open()
      const sid = nextSid()
      const object = fresh(store, sid, { n: 0 })
      const saves = []
      for (let n = 1; n <= 5; n++) {
        object.n = n
        saves.push(store.set(sid, object))
      }
      assert.deepEqual(await stored(store, sid), { n: 5 })
      await Promise.all(saves)
      assert.deepEqual(await countsOf(store), { conflicts: 0, merges: 0, gone: 0 })
    })

    test('a save in which only the expiration moved is a touch', async () => {
      const store = open()
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 1 }))
      const [idle, busy] = [await loaded(store, sid), await loaded(store, sid)]
      busy.n = 2
      await store.set(sid, busy)
      const { expires } = await collection.rows.findOne({ _id: sid })
      const events = eventsOf(store)
      await sleep(5)
      idle.touch()
      await store.set(sid, idle)
      assert.deepEqual(events.map(event => event.name), ['touch'])
      assert.deepEqual(await stored(store, sid), { n: 2 })
      assert.ok((await collection.rows.findOne({ _id: sid })).expires > expires)
    })

    test('reject fails, and shows neither version', async () => {
      const store = open({ conflicts: 'reject' })
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
      one.secret = 'abracadabra'
      other.secret = 'open sesame'
      await store.set(sid, one)
      await assert.rejects(store.set(sid, other), ({ name, message }) =>
        name === 'SessionConflictError' && message.includes('confli…') && !/abra|sesame|conflict-/.test(message))
      assert.deepEqual(await stored(store, sid), { n: 0, secret: 'abracadabra' })
    })

    test('a function decides, with copies of all three', async () => {
      const calls = []
      const store = open({
        conflicts: (base, theirs, ours, id) => {
          calls.push(id)
          return { ...theirs, ...ours, n: base.n + (theirs.n - base.n) + (ours.n - base.n) }
        }
      })
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 10 }))
      const requests = await Promise.all([1, 2, 3].map(() => loaded(store, sid)))
      await Promise.all(requests.map((object, index) => {
        object.n += index + 1
        return store.set(sid, object)
      }))
      assert.equal((await stored(store, sid)).n, 16)
      assert.ok(calls.length >= 2 && calls.every(id => id === sid))
    })
  })
}

describe('a function that fails', () => {
  const failures = {
    throws: [() => { throw new Error('never mind') }, /never mind/],
    'returns a promise': [async () => ({}), /conflicts must not return a promise/],
    'returns a promise that rejects': [async () => { throw new Error('later') }, /conflicts must not return a promise/],
    'returns nothing': [() => {}, /conflicts must return the session to store, an object: got undefined/],
    'returns a list': [() => [1], /conflicts must return the session to store, an object: got an array/]
  }
  for (const [what, [conflicts, message]] of Object.entries(failures)) {
    for (const [way, open] of Object.entries(collection.backends)) {
      test(`${what}: the save fails, and the next operation goes on (${way})`, async () => {
        const store = open({ conflicts, autoRemove: 'disabled' })
        const sid = nextSid()
        await store.set(sid, fresh(store, sid, { n: 0 }))
        const [one, other] = [await loaded(store, sid), await loaded(store, sid)]
        one.n = 1
        other.n = 2
        await store.set(sid, one)
        const failing = store.set(sid, other)
        const found = store.get(sid)
        await assert.rejects(failing, message)
        assert.equal((await found).n, 1)
      })
    }
  }
})

for (const [way, open] of Object.entries(collection.backends)) {
  describe(way, () => {
    const options = { conflicts: 'merge', autoRemove: 'disabled' }

    test('an expired row is gone for who loaded it, and nobody in the way of a new session', async () => {
      const store = open(options)
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const late = await loaded(store, sid)
      await collection.rows.updateOne({ _id: sid }, { $set: { expires: new Date(Date.now() - 1000) } })
      late.n = 1
      const events = eventsOf(store)
      await store.set(sid, late)
      assert.deepEqual(events.map(({ name }) => name), ['gone'])
      await store.set(sid, fresh(store, sid, { other: 1 }))
      assert.deepEqual(await stored(store, sid), { other: 1 })
    })

    test('a session and the one that it is to replace must fit one command', async () => {
      const store = open(options)
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { text: 'x'.repeat(9 << 20) }))
      const object = await loaded(store, sid)
      object.more = 1
      await assert.rejects(store.set(sid, object), ({ code, codeName, message }) =>
        code === 10334 && codeName === 'BSONObjectTooLarge' && /they take \d+ bytes together, the limit is 16777216/.test(message))
      const { length } = (await collection.rows.findOne({ _id: sid })).session
      assert.ok(length > 9 << 20, 'what is stored is as it was')
    })

    test('another process is seen: a row that it changed is merged, one that it deleted stays deleted', async () => {
      const [store, elsewhere] = [open(options), open({ ...options })]
      const [changed, deleted] = [nextSid(), nextSid()]
      for (const sid of [changed, deleted]) await store.set(sid, fresh(store, sid, { n: 0 }))
      const [here, there] = [await loaded(store, changed), await loaded(elsewhere, changed)]
      const lost = await loaded(store, deleted)
      there.there = 1
      await elsewhere.set(changed, there)
      await elsewhere.destroy(deleted)
      here.here = 1
      lost.n = 1
      await Promise.all([store.set(changed, here), store.set(deleted, lost)])
      assert.deepEqual(await stored(store, changed), { n: 0, there: 1, here: 1 })
      assert.equal(await stored(store, deleted), null)
    })

    test('32 requests at once lose nothing', async () => {
      const stores = [open(options), open(options)]
      const sid = nextSid()
      await stores[0].set(sid, fresh(stores[0], sid, { n: 0 }))
      const requests = await Promise.all(Array.from({ length: 32 }, (_, n) => loaded(stores[n % 2], sid)))
      await Promise.all(requests.map((object, n) => {
        object[`n${n}`] = n
        return stores[n % 2].set(sid, object)
      }))
      assert.equal(Object.keys(await stored(stores[0], sid)).length, 33)
    })

    test('a document whose first key begins with $ is no operator', async t => {
      if (await skipsBefore('5.0', 'such key in a row', t)) return
      const store = open({ ...options, stringify: false })
      const sid = nextSid()
      const cookie = { originalMaxAge: null, expires: null }
      await collection.rows.insertOne({
        _id: sid, session: { $gt: '', n: 1, cookie }, expires: new Date(Date.now() + 60_000)
      })
      const object = await loaded(store, sid)
      object.n = 2
      await store.set(sid, object)
      assert.deepEqual(await stored(store, sid), { $gt: '', n: 2 })
    })

    test('a plain object overwrites, as without the option', async () => {
      const store = open(options)
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0, more: 1 }))
      await store.set(sid, { cookie: { expires: null }, n: 1 })
      assert.deepEqual(await stored(store, sid), { n: 1 })
    })

    test('so does a session of a framework that does not call createSession', async () => {
      // As @fastify/session's: with methods of express-session's, and without its request.
      class Session {
        constructor (data) { Object.assign(this, data) }
        save () {}
        regenerate () {}
      }
      for (const conflicts of ['merge', 'reject']) {
        const store = open({ ...options, conflicts })
        const sid = nextSid()
        await store.set(sid, new Session({ user: 5, n: 0 }))
        const { user, ...rest } = await store.get(sid)
        await store.set(sid, new Session({ ...rest, n: 1 }))
        assert.deepEqual(await stored(store, sid), { n: 1 })
      }
    })

    test('values of an older bson can be saved again and again', async () => {
      const { ObjectId } = require('bson-4')
      const store = open({ ...options, stringify: false })
      const sid = nextSid()
      const object = fresh(store, sid, { one: new ObjectId('0123456789abcdef01234567') })
      for (let n = 0; n < 3; n++) {
        object.n = n
        await store.set(sid, object)
        await store.touch(sid, object)
      }
      const { one, n } = await stored(store, sid)
      assert.deepEqual([String(one), n], ['0123456789abcdef01234567', 2])
    })

    test('a session that cannot be encrypted fails with the reason', async () => {
      if (way.startsWith('legacy')) return
      const cryptoAdapter = { encrypt: async () => { throw new Error('no key today') }, decrypt: async text => text }
      const store = open({ ...options, cryptoAdapter })
      const sid = nextSid()
      await assert.rejects(store.set(sid, fresh(store, sid, { n: 0 })), /no key today/)
      await assert.rejects(store.set(sid, { cookie: {} }), /no key today/)
    })

    test('an operation that waits for a merge has its deadline', async () => {
      let resume
      const paused = new Promise(resolve => { resume = resolve })
      const adapter = {
        encrypt: async text => text,
        decrypt: async text => {
          if (text.includes('slow')) await paused
          return text
        }
      }
      const store = open({ ...options, cryptoAdapter: adapter, operationTimeoutMS: 500 })
      if (way.startsWith('legacy')) return
      const sid = nextSid()
      await store.set(sid, fresh(store, sid, { n: 0 }))
      const object = await loaded(store, sid)
      const { session } = await collection.rows.findOne({ _id: sid })
      await collection.rows.updateOne({ _id: sid }, { $set: { session: session.replace('{', '{"slow":1,') } })
      object.n = 1
      await assert.rejects(store.set(sid, object), { name: 'MongoOperationTimeoutError' })
      resume()
    })
  })
}

describe('the option', () => {
  test('takes its values, a function, or nothing', () => {
    for (const [dialect, open] of Object.entries(collection.dialects)) {
      assert.throws(() => open({ conflicts: 'merg' }), /conflicts must be .*did you mean merge\?/, dialect)
      assert.throws(() => open({ conflicts: true }), TypeError, dialect)
      assert.throws(() => open({ conflicts: 'merge', writeOperationOptions: { w: 0 } }), /w: 0/, dialect)
    }
  })

  test("is refused in session-mongoose's dialect", () => {
    const SessionStore = require('../../session-mongoose')(require('express-session'))
    assert.throws(() => new SessionStore({ url: collection.url, conflicts: 'merge' }), /session-mongoose has no conflicts/)
  })
})
