'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends } = useCollection('order')

for (const [dialect, open] of Object.entries(backends)) {
  test(`${dialect}: operations on one id take effect in the order of their calls`, async () => {
    const store = open()
    const gets = []
    const sets = []
    for (let n = 0; n < 1000; n++) {
      sets.push(store.set(dialect, makeSession({ n })))
      gets.push(store.get(dialect))
    }
    await Promise.all(sets)
    assert.deepEqual((await Promise.all(gets)).map(({ n }) => n), Array.from({ length: 1000 }, (_, n) => n))
    assert.equal((await store.get(dialect)).n, 999)
  })

  test(`${dialect}: a get sees the set, the touch and the destroy before it`, async () => {
    const store = open()
    const touched = makeSession({}, 3600_000)
    const sid = `${dialect}-each`
    const [, set, , touch, , destroyed, , again] = await Promise.all([
      store.set(sid, makeSession({ n: 1 })), store.get(sid), store.touch(sid, touched), store.get(sid),
      store.destroy(sid), store.get(sid), store.set(sid, makeSession({ n: 2 })), store.get(sid)
    ])
    assert.equal(set.n, 1)
    assert.equal(touch.cookie.expires, touched.cookie.expires.toISOString())
    assert.ok(!destroyed)
    assert.equal(again.n, 2)
  })
}
