'use strict'

// A value that the server refuses fails alone, and no message quotes it to anybody.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends } = useCollection('rejections')

/** An object in an object, and so on: MongoDB stores 180 levels or so. */
function nested (depth) {
  let value = { secret: 'hunter2' }
  for (let n = 0; n < depth; n++) value = { topsecretname: value }
  return value
}

const BAD = {
  'nested too deeply': nested(250),
  'with a key that is refused': { $topsecretname: 'hunter2' }
}

for (const [name, open] of Object.entries(backends)) {
  describe(name, () => {
    for (const [what, bad] of Object.entries(BAD)) {
      test(`a document ${what} fails without its neighbours, and is quoted to nobody`, async () => {
        const store = open({ stringify: false, collectionName: 'rejections', collection: 'rejections' })
        const ids = ['before-0123456789', 'bad-0123456789', 'after-0123456789']
        const outcomes = await Promise.allSettled([
          store.set(ids[0], makeSession({ n: 1 })), store.set(ids[1], makeSession({ bad })),
          store.set(ids[2], makeSession())
        ])
        // Servers from 5.0 on store `$` names.
        if (what === 'nested too deeply') assert.equal(outcomes[1].status, 'rejected')
        assert.deepEqual([outcomes[0].status, outcomes[2].status], ['fulfilled', 'fulfilled'])
        const told = [outcomes[1].reason?.message, outcomes[1].reason?.stack, outcomes[1].reason?.cause?.message].join()
        assert.doesNotMatch(told, /topsecret|hunter2|0123456789/)
        assert.equal((await store.get(ids[0])).n, 1)
      })
    }
  })
}
