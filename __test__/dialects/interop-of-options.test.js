'use strict'

// Rows that a store with options of ours has made are connect-mongo's, too: it reads them, and what it stores
// in them keeps what the options need.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')

const { fresh, loaded, stored } = require('../helpers/conflicts')
const { CONNECT_MONGOS } = require('../helpers/connect-mongos')
const { callback, useCollection } = require('../helpers/stores')

const { backends, rows, url } = useCollection('interop-of-options')

const OPTIONS = {
  conflicts: 'merge',
  fields: { userId: ({ userId }) => userId },
  maxLifetime: 3600,
  autoRemove: 'disabled'
}

/** What a connect-mongo sees of a session, but for the cookie. */
async function seen (peer, sid) {
  const [error, found] = await callback(peer, 'get', sid)
  assert.equal(error, null)
  const { cookie, lastModified, ...rest } = found
  return rest
}

for (const [name, openPeer] of Object.entries(CONNECT_MONGOS)) {
  describe(name, () => {
    const peers = []
    after(() => Promise.all(peers.map(peer => peer.close())))

    for (const [way, openOurs] of Object.entries(backends)) {
      for (const stringify of [true, false]) {
        test(`and ours, ${way} (stringify: ${stringify})`, async () => {
          const sid = `${name}-${way}-${stringify}`
          const ours = openOurs({ stringify, ...OPTIONS })
          const peer = openPeer(url, 'interop-of-options', { stringify })
          peers.push(peer)

          await ours.set(sid, fresh(ours, sid, { userId: name, mine: 1 }))
          assert.deepEqual(await seen(peer, sid), { userId: name, mine: 1 })
          const { createdAt } = await rows.findOne({ _id: sid })

          const object = await loaded(ours, sid)
          const [, theirs] = await callback(peer, 'get', sid)
          theirs.theirs = 2
          assert.equal((await callback(peer, 'set', sid, theirs))[0], null)
          object.mine = 3
          await ours.set(sid, object)
          assert.deepEqual(await seen(peer, sid), { userId: name, mine: 3, theirs: 2 })
          assert.deepEqual(await stored(ours, sid), { userId: name, mine: 3, theirs: 2 })

          assert.equal((await callback(peer, 'touch', sid, theirs))[0] ?? null, null)
          const row = await rows.findOne({ _id: sid })
          assert.deepEqual([row.userId, row.createdAt], [name, createdAt])
          assert.equal(await ours.destroyWhere({ userId: name }), 1)
          assert.ok(!(await callback(peer, 'get', sid))[1])

          // And the other way round: a row of the peer's that a store with these options goes on with.
          assert.equal((await callback(peer, 'set', sid, theirs))[0], null)
          const found = await loaded(ours, sid)
          found.ours = 4
          await ours.set(sid, found)
          const { lastModified, ...before } = theirs
          assert.deepEqual({ ...await seen(peer, sid), cookie: null }, { ...before, ours: 4, cookie: null })
          assert.equal(await ours.destroyWhere({ userId: name }), 1)
        })
      }
    }
  })
}
