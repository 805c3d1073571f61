'use strict'

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')

const { CONNECT_MONGOS } = require('../helpers/connect-mongos')
const { callback, makeSession, useCollection } = require('../helpers/stores')

const { dialects, rows, url } = useCollection('interop')

// connect-mongo itself, and ours, on one collection.

const SESSION = { user: { name: 'é✓😀', visits: 3, tags: ['a', null] }, none: null }

for (const [name, openPeer] of Object.entries(CONNECT_MONGOS)) {
  describe(name, () => {
    const peers = []
    after(() => Promise.all(peers.map(peer => peer.close())))
    const open = options => {
      const peer = openPeer(url, 'interop', options)
      peers.push(peer)
      return peer
    }

    for (const stringify of [true, false]) {
      for (const [dialect, openOurs] of Object.entries(dialects)) {
        const sid = `${name}-${stringify}-${dialect}`
        const options = { stringify, touchAfter: 3600 }

        test(`${dialect} reads its rows (stringify: ${stringify})`, async () => {
          const [ours, peer] = [openOurs(options), open(options)]
          assert.equal((await callback(peer, 'set', `${sid}-a`, makeSession(SESSION)))[0], null)
          const [[, read], [, expected]] = [await callback(ours, 'get', `${sid}-a`), await callback(peer, 'get', `${sid}-a`)]
          assert.deepEqual(JSON.parse(JSON.stringify(read)), withoutLastModified(expected))
          assert.equal(read.lastModified.getTime(), expected.lastModified.getTime())
        })

        test(`it reads the rows of ${dialect} (stringify: ${stringify})`, async () => {
          const [ours, peer] = [openOurs(options), open(options)]
          const saved = makeSession(SESSION)
          await ours.set(`${sid}-b`, saved)
          const [error, read] = await callback(peer, 'get', `${sid}-b`)
          assert.equal(error, null)
          assert.deepEqual(read.user, SESSION.user)
          assert.deepEqual(new Date(read.cookie.expires), saved.cookie.expires)
          assert.equal((await callback(peer, 'touch', `${sid}-b`, read))[0], null)
          assert.equal((await callback(peer, 'destroy', `${sid}-b`))[0], null)
          assert.ok(!await ours.get(`${sid}-b`))
        })

        test(`both write the same document (stringify: ${stringify}, ${dialect})`, async () => {
          const saved = makeSession(SESSION)
          await openOurs(options).set(`${sid}-ours`, saved)
          await callback(open(options), 'set', `${sid}-peer`, saved)
          const [ours, theirs] = await Promise.all(['ours', 'peer'].map(who => rows.findOne({ _id: `${sid}-${who}` })))
          const alike = ({ _id, lastModified, ...row }) => ({ ...row, lastModified: lastModified instanceof Date })
          assert.deepEqual(alike(ours), alike(theirs))
          assert.deepEqual(Object.keys(ours), Object.keys(theirs))
        })
      }
    }
  })
}

test('timestamps are those of connect-mongo 6', async () => {
  const ours = dialects.modern({ timestamps: true })
  const start = new Date()
  await ours.set('timestamps', makeSession())
  const created = await rows.findOne({ _id: 'timestamps' })
  assert.ok(created.createdAt >= start)
  assert.ok(created.updatedAt instanceof Date)
  await new Promise(resolve => setTimeout(resolve, 10))
  await ours.set('timestamps', makeSession())
  const updated = await rows.findOne({ _id: 'timestamps' })
  assert.deepEqual(updated.createdAt, created.createdAt)
  assert.ok(updated.updatedAt > created.updatedAt)
  await new Promise(resolve => setTimeout(resolve, 10))
  await ours.touch('timestamps', makeSession())
  const touched = await rows.findOne({ _id: 'timestamps' })
  assert.deepEqual(touched.createdAt, created.createdAt)
  assert.ok(touched.updatedAt > updated.updatedAt)
  await dialects.modern().set('without', makeSession())
  assert.deepEqual(Object.keys(await rows.findOne({ _id: 'without' })).sort(), ['_id', 'expires', 'session'])
})

function withoutLastModified (session) {
  const { lastModified, ...rest } = JSON.parse(JSON.stringify(session))
  return rest
}
