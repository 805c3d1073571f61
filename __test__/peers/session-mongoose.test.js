'use strict'

// session-mongoose 0.5.2 itself, unpatched, on the Node.js and with the packages of its time, beside ours on
// one collection. Its driver speaks to MongoDB 5.0 at most, and our core to 4.4 at least.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const { findNode6 } = require('../../scripts/find-node-6')
const sessionMongoose = require('../../session-mongoose')
const { startStandalone } = require('../helpers/mongod')
const { requirePeer } = require('../helpers/peers')
const { within } = require('../helpers/rows')
const { callback, makeSession } = require('../helpers/stores')

const mongoose = requirePeer('mongoose-4')
mongoose.Promise = Promise // it warns of its own

const PEER = path.join(__dirname, 'session-mongoose')

/** The other process; each command resolves to its result. */
class Peer {
  #child
  #waiting = new Map()
  #number = 0

  /** `execPath`: of Node.js 6. */
  constructor (execPath) {
    this.#child = fork(path.join(PEER, 'index.js'), {
      // Its output is about what a package of 2014 finds odd today; errors come as messages.
      execPath, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc']
    })
    this.#child.on('exit', code => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`session-mongoose's process ended with ${code}`))
      this.#waiting.clear()
    })
    this.#child.on('message', ({ number, result, error }) => {
      const { resolve, reject } = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (error) reject(new Error(error))
      else resolve(result)
    })
  }

  run (command, ...args) {
    const number = this.#number++
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.#child.send({ number, command, args })
    })
  }

  stop () {
    this.#child.kill()
  }
}

describe('session-mongoose 0.5.2', () => {
  let server, client, peer, url
  const ours = []
  const connections = []

  before(async () => {
    server = await startStandalone({ old: true })
    url = `${server.uri}peers`
    client = await MongoClient.connect(url)
    peer = new Peer(await findNode6())
  })
  after(async () => {
    peer?.stop()
    await Promise.all(ours.map(store => store.close()))
    await Promise.all(connections.map(connection => connection.close()))
    await client?.close()
    await server?.stop()
  })

  function open (options) {
    const store = new (sessionMongoose(session))({ url, ...options })
    ours.push(store)
    return store
  }

  /** An app's own connection. */
  function dial () {
    const connection = mongoose.createConnection(url, { useMongoClient: true })
    connections.push(connection)
    return connection
  }

  const plain = value => JSON.parse(JSON.stringify(value))

  test('is the real one', async () => {
    assert.deepEqual(await peer.run('versions'), ['v6.17.1', '0.5.2', '3.8.40', '2.30.2', '3.21.2'])
    assert.equal((await client.db().admin().serverInfo()).version, '5.0.4')
  })

  // By what theirs is made, and what ours works on.
  for (const [connect, way] of [['connect', 'url'], ['express', 'url'], ['express', 'connection']]) {
    for (const options of [{}, { ttl: 3600 }]) {
      const kind = `${connect}_${way}${options.ttl ? '_ttl' : ''}`
      const modelName = `${kind.replaceAll('_', '')}Session`
      const collection = `${modelName.toLowerCase()}s`

      describe(`for ${connect}, beside ours by ${way}, with ${JSON.stringify(options)}`, () => {
        let store, rows
        before(async () => {
          await peer.run('open', kind, connect, { url, modelName, sweeper: false, ...options })
          store = open({ modelName, sweeper: false, ...options, connection: way === 'url' ? undefined : dial() })
          rows = client.db().collection(collection)
        })

        test('its rows are read by ours', async () => {
          const user = { name: 'é✓😀', tags: ['a', null], visits: 3 }
          assert.deepEqual(await peer.run('save', kind, 'theirs', { user }, 60_000), [null, 1])
          const found = await store.get('theirs')
          assert.deepEqual(found.user, user)
          const { expires } = await rows.findOne({ sid: 'theirs' })
          const revived = store.createSession({}, found)
          if (expires) assert.deepEqual(revived.cookie.expires, expires)
          assert.equal(revived.cookie.originalMaxAge, 60_000)
          assert.deepEqual((await peer.run('call', kind, 'get', ['theirs']))[1].user, user)

          await peer.run('save', kind, 'browser', { user }, null)
          assert.deepEqual((await store.get('browser')).user, user)
        })

        test('our rows are read by it', async () => {
          for (const [sid, maxAge] of [['ours', 60_000], ['ours, for the browser', null]]) {
            const saved = makeSession({ user: { name: 'é✓😀', tags: ['a', null], visits: 3 } }, maxAge)
            await store.set(sid, saved)
            const [error, loaded, expires] = await peer.run('load', kind, sid)
            assert.equal(error, null)
            assert.deepEqual(loaded.user, saved.user)
            assert.equal(expires, maxAge === null ? null : saved.cookie.expires.toISOString())
            assert.equal(loaded.cookie.originalMaxAge, maxAge)
          }
        })

        test('a row that ours has written again is read by it, and the other way round', async () => {
          await peer.run('save', kind, 'both', { n: 1 }, 60_000)
          const revived = store.createSession({}, await store.get('both'))
          revived.n++
          await store.set('both', revived)
          assert.equal((await peer.run('load', kind, 'both'))[1].n, 2)
          await peer.run('save', kind, 'both', { n: 3 }, 60_000)
          assert.equal((await store.get('both')).n, 3)
          await store.touch('both', revived)
          assert.equal((await peer.run('load', kind, 'both'))[1].n, 3)
          assert.equal(await rows.countDocuments({ sid: 'both' }), 1)
        })

        test('the rows have the same fields of the same types', async () => {
          const shape = async sid => Object.fromEntries(Object.entries(await rows.findOne({ sid }))
            .map(([name, value]) => [name, value === null ? 'null' : value.constructor.name]).sort())
          assert.deepEqual(await shape('ours'), await shape('theirs'))
          assert.deepEqual(await shape('ours, for the browser'), await shape('browser'))
        })

        test('callbacks get the same values', async () => {
          const { clear, ...same } = {
            missing: ['get', 'nobody'],
            set: ['set', 'values', { cookie: { maxAge: 5000 }, n: 1 }],
            again: ['set', 'values', { cookie: { expires: '2100-01-01T00:00:00.000Z' }, n: [2] }],
            get: ['get', 'values'],
            length: ['length'],
            all: ['all'],
            empty: ['set', 'values', null],
            destroyed: ['destroy', 'values'],
            clear: ['clear']
          }
          for (const [name, [method, ...args]] of Object.entries(same)) {
            const theirs = await peer.run('call', kind, method, args)
            // It was there for the peer, so it is there for ours.
            if (name === 'empty') await store.set('values', { cookie: {} })
            assert.deepEqual(plain(await callback(store, method, ...args)), theirs, name)
          }
          assert.deepEqual((await callback(store, ...clear))[0], null)
          assert.deepEqual(await peer.run('call', kind, 'length', []), [null, 0])
        })

        test('the indexes are those that it declares', async () => {
          const relevant = ({ unique, expireAfterSeconds }) => ({ unique, expireAfterSeconds })
          const declared = (await peer.run('indexes', kind)).map(([key, options]) => [key, relevant(options)])
          const made = await within(5000, async () => {
            const [, ...indexes] = await rows.indexes().catch(() => [])
            return indexes.length === declared.length && indexes.map(index => [index.key, relevant(index)])
          })
          const sorted = indexes => indexes.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
          assert.deepEqual(sorted(made), sorted(plain(declared)).map(([key, options]) => [key, relevant(options)]))
        })
      })
    }
  }

  test('what has expired is found by neither, and swept by either', async () => {
    const rows = client.db().collection('sessions')
    await peer.run('open', 'sweeping', 'connect', { url, interval: 200 })
    await rows.insertOne({ sid: 'old', data: { n: 1 }, expires: new Date(1000) })
    assert.ok(await within(2000, async () => await rows.countDocuments() === 0))
    assert.ok(await peer.run('sweeps', 'sweeping') > 0)
    const collection = 'swept_by_ours'
    const store = open({ collection, interval: 200 })
    await client.db().collection(collection).insertOne({ sid: 'old', data: { n: 1 }, expires: new Date(1000) })
    assert.deepEqual(await callback(store, 'get', 'old'), [null])
    assert.ok(await within(2000, () => store.sweeps > 0))
    assert.equal(await store.length(), 0)
  })
})
