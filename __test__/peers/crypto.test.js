'use strict'

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')

const { createWebCryptoAdapter } = require('../..')
const { SECRET } = require('../helpers/encrypted')
const { makeSession, useCollection } = require('../helpers/stores')

// Encrypted sessions of the real connect-mongo packages, each with the krupteins that npm gave it over time,
// and ours, on one collection.

const NAME = 'crypto-peers'
const { legacy, modern, rows, url } = useCollection(NAME)

const crypto = { secret: SECRET }

const ours = {
  K0: options => legacy({ secret: SECRET, ...options }),
  W: options => modern({ cryptoAdapter: createWebCryptoAdapter({ secret: SECRET }), ...options })
}
for (const family of 'ABCD') ours[family] = options => modern({ crypto: { ...crypto, family }, ...options })

const PEERS = {
  'connect-mongo 3.2.0': { connectMongo: 'connect-mongo-3', family: 'K0' },
  'connect-mongo 6.0.0': { connectMongo: 'connect-mongo-6', family: 'A' },
  'connect-mongo 6.0.0, createWebCryptoAdapter': { connectMongo: 'connect-mongo-6', adapter: true, family: 'W' }
}
const KRUPTEINS = { '3.0.8': 'A', '3.1.1': 'B', '3.1.7': 'C', '3.4.0': 'D' }
for (const [major, version] of [[4, '4.6.0'], [5, '5.1.0']]) {
  for (const [kruptein, family] of Object.entries(KRUPTEINS)) {
    PEERS[`connect-mongo ${version}, kruptein ${kruptein}`] =
      { connectMongo: `connect-mongo-${major}`, kruptein: `kruptein-${kruptein}`, family }
  }
}

/** Starts a peer. Returns one function that sends it calls, and one that ends it. */
function start (peer, options) {
  const about = { ...peer, options: { mongoUrl: url, collectionName: NAME, crypto, ...options } }
  const child = fork(path.join(__dirname, 'crypto/peer.js'), [JSON.stringify(about)])
  const call = async calls => {
    child.send(calls)
    const [outcomes] = await once(child, 'message')
    return outcomes
  }
  return { call, stop: () => child.kill() }
}

/** Longer than any of these tests takes. */
const HOUR = 3_600_000

const session = user => JSON.parse(JSON.stringify(makeSession({ user, text: 'é✓😀', list: [1.5, null] }, HOUR)))

for (const [name, peer] of Object.entries(PEERS)) {
  for (const stringify of peer.family === 'K0' ? [true] : [true, false]) {
    describe(`${name}, stringify: ${stringify}`, () => {
      let call, stop
      before(() => { ({ call, stop } = start(peer, { stringify })) })
      after(() => stop())
      const sids = Array.from({ length: 10 }, (_, i) => `${name}-${stringify}-${i}`)

      test('we read its rows, whatever we write ourselves', async () => {
        const outcomes = await call(sids.map((sid, i) => ['set', `${sid}-theirs`, session(i)]))
        assert.deepEqual(outcomes, sids.map(() => ({})))
        for (const reader of [ours[peer.family]({ stringify }), modern({ crypto }), legacy({ secret: SECRET })]) {
          const read = await Promise.all(sids.map(sid => reader.get(`${sid}-theirs`)))
          assert.deepEqual(read.map(({ user, text, list }) => ({ user, text, list })),
            sids.map((sid, i) => ({ user: i, text: 'é✓😀', list: [1.5, null] })))
        }
      })

      const readsItsOwn = peer.family !== 'D'
      test(readsItsOwn ? 'it reads ours' : 'it reads ours as little as its own', async () => {
        const store = ours[peer.family]({ stringify })
        for (const [i, sid] of sids.entries()) await store.set(`${sid}-ours`, session(i))
        const read = await call(sids.map(sid => ['get', `${sid}-ours`]))
        const own = await call(sids.map(sid => ['get', `${sid}-theirs`]))
        if (readsItsOwn) {
          assert.deepEqual(read.map(({ value }) => value?.user), sids.map((sid, i) => i))
          assert.deepEqual(own.map(({ value }) => value?.user), sids.map((sid, i) => i))
        } else {
          assert.deepEqual(read.map(({ error }) => error), own.map(({ error }) => error))
          assert.ok(read.every(({ error }) => /not valid JSON/.test(error)))
        }
      })
    })
  }
}

test('kruptein 3.4.0 itself reads what we write for it', async () => {
  const kruptein = require('./crypto/node_modules/kruptein-3.4.0')({ hashing: 'sha512', key_size: 32, at_size: 16 })
  const read = async sid => promisify(kruptein.get).call(kruptein, SECRET, (await rows.findOne({ _id: sid })).session)
  await ours.D().set('kruptein-text', session(1))
  assert.equal(JSON.parse(await read('kruptein-text')).user, 1)
  await ours.D({ stringify: false }).set('kruptein-document', session(2))
  assert.equal((await read('kruptein-document')).user, 2)
})

test('mixed processes on one collection: 1,000 sessions, none lost', async t => {
  await rows.deleteMany({})
  const store = modern({ crypto })
  const us = calls => Promise.all(calls.map(async ([method, ...args]) => ({ value: await store[method](...args) })))
  const peers = [
    'connect-mongo 6.0.0', 'connect-mongo 5.1.0, kruptein 3.0.8', 'connect-mongo 4.6.0, kruptein 3.0.8'
  ].map(name => start(PEERS[name]))
  t.after(() => peers.forEach(({ stop }) => stop()))
  const workers = [us, us, ...peers.map(({ call }) => call)]
  const sids = Array.from({ length: 1000 }, (_, i) => `mixed-${i}`)
  /** Session i is for another process in each round. */
  const round = (r, call) => Promise.all(workers.map(async (worker, w) => {
    const mine = [...sids.keys()].filter(i => (i + r) % workers.length === w)
    const outcomes = await worker(mine.map(i => call(i)))
    return mine.map((i, at) => [i, outcomes[at]])
  }))

  await round(0, i => ['set', sids[i], session(`first ${i}`)])
  for (const [i, { value }] of (await round(1, i => ['get', sids[i]])).flat()) assert.equal(value?.user, `first ${i}`)
  await round(2, i => ['set', sids[i], session(`then ${i}`)])
  await round(3, i => ['touch', sids[i], session()])
  for (const [i, { value }] of (await round(4, i => ['get', sids[i]])).flat()) assert.equal(value?.user, `then ${i}`)
  assert.equal((await store.all()).length, 1000)
  assert.equal(await store.length(), 1000)
})
