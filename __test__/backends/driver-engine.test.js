'use strict'

// The order of operations in the driver backend, with commands that end when the test says so.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { Engine } = require('../../lib/backends/driver/engine')
const { makeId } = require('../../lib/backends/driver/ids')
const { Stats } = require('../../lib/backends/driver/stats')

const DATES = { expires: Date.now() + 60_000, lastModified: null }
const id = makeId

/** An engine, and the commands that it has sent: { kind, ids, statements, answer(), fail(error) }. */
function start (options) {
  const sent = []
  const command = (kind, ids, statements, answer) => new Promise((resolve, reject) => {
    sent.push({ kind, ids, statements, answer: (...args) => resolve(answer(...args)), fail: reject })
  })
  const commands = {
    find: ids => command('find', ids.map(({ key }) => key), null, (rows = {}) => (
      { rows: new Map(Object.entries(rows)), errors: new Map() })),
    write: statements => {
      const kind = statements[0].destroys ? 'delete' : 'update'
      return command(kind, statements.map(({ id }) => id.key), statements, ({ upserted = false } = {}) => ({
        verdicts: statements.map(() => ({ error: null, upserted })),
        matched: statements.map(() => true),
        removed: true
      }))
    }
  }
  const engine = new Engine({ stats: new Stats(), timeoutMS: 5000, maxQueue: 1000, onStarved () {}, ...options })
  engine.start(commands, { pool: Infinity, sharded: false })
  return { engine, sent }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('what is called in one go leaves in one command', async () => {
  const { engine, sent } = start()
  const gets = ['a', 'b', 'c'].map(name => engine.get(id(name), Date.now()))
  await turn()
  assert.deepEqual(sent.map(({ kind, ids }) => [kind, ids]), [['find', ['sa', 'sb', 'sc']]])
  sent[0].answer({ sb: { value: '{}', lastModified: null } })
  assert.deepEqual((await Promise.all(gets)).map(row => row?.value), [undefined, '{}', undefined])
})

test('a set whose value is being prepared keeps its sequence number', async () => {
  const { engine, sent } = start()
  let deliver
  const set = engine.set(id('a'), new Promise(resolve => { deliver = resolve }), DATES)
  const get = engine.get(id('a'), Date.now())
  const destroy = engine.destroy(id('a'))
  const other = engine.set(id('b'), 'b', DATES)
  await turn()
  assert.deepEqual(sent.map(({ ids }) => ids), [['sb']])
  sent[0].answer({ upserted: true })
  assert.equal(await other, 'created')
  deliver('prepared')
  await turn()
  assert.equal(sent[1].statements[0].value, 'prepared')
  sent[1].answer()
  assert.equal(await set, 'updated')
  assert.equal((await get).value, 'prepared')
  await turn()
  assert.equal(sent[2].kind, 'delete')
  sent[2].answer()
  assert.equal(await destroy, true)
})

test('one that cannot be prepared fails, and holds nothing up', async () => {
  const { engine, sent } = start()
  const failure = new Error('no key')
  const set = engine.set(id('a'), Promise.reject(failure), DATES)
  const get = engine.get(id('a'), Date.now())
  const count = engine.whole('count', async () => 7, { waits: true, counts: true })
  await assert.rejects(set, failure)
  await turn()
  assert.equal(sent[0].kind, 'find')
  sent[0].answer()
  assert.equal(await get, null)
  assert.equal(await count, 7)
})

test('an id is in one command at a time; a touch does not hold up a get', async () => {
  const { engine, sent } = start()
  const set = engine.set(id('a'), '1', DATES)
  await turn()
  const again = engine.set(id('a'), '2', DATES)
  const get = engine.get(id('a'), Date.now())
  const touch = engine.touch(id('b'), { expires: 5e12, lastModified: null })
  await turn()
  const touched = engine.get(id('b'), Date.now())
  await turn()
  assert.deepEqual(sent.map(({ kind, ids }) => [kind, ids]), [['update', ['sa']], ['update', ['sb']], ['find', ['sb']]])
  sent[2].answer({ sb: { value: 'b', expires: Date.now() + 1, lastModified: null } })
  assert.equal((await touched).expires, 5e12)
  sent[1].answer()
  sent[0].answer({ upserted: true })
  assert.equal(await touch, true)
  assert.equal(await set, 'created')
  await turn()
  sent[3].answer()
  assert.equal(await again, 'updated')
  assert.equal((await get).value, '2')
})

test('consecutive writes fold, and a failure is everyone\'s but a get\'s, which asks again', async () => {
  const { engine, sent } = start()
  const first = engine.set(id('a'), '1', DATES)
  const get = engine.get(id('a'), Date.now())
  const second = engine.set(id('a'), '2', DATES)
  await turn()
  assert.equal(sent[0].statements[0].members.length, 3)
  sent[0].fail(new Error('refused'))
  await assert.rejects(first, /refused/)
  await assert.rejects(second, /refused/)
  await turn()
  sent[1].answer({ sa: { value: 'old', lastModified: null } })
  assert.equal((await get).value, 'old')
})

test('a deadline ends an operation and frees its command\'s room in the window and what is behind it', async () => {
  const { engine, sent } = start({ timeoutMS: 50 })
  const stuck = engine.set(id('a'), '1', DATES)
  await assert.rejects(stuck, { name: 'MongoOperationTimeoutError', message: /outcome unknown/ })
  const next = engine.set(id('a'), '2', DATES)
  await turn()
  sent[1].answer()
  assert.equal(await next, 'updated')
  await engine.idle()
})

test('clear waits for what was before it, and holds what is after it', async () => {
  const { engine, sent } = start()
  const order = []
  const before = engine.set(id('a'), '1', DATES).then(() => order.push('before'))
  const clear = engine.whole('clear', async () => order.push('clear'), { waits: true, clears: true })
  const after = engine.set(id('b'), '1', DATES).then(() => order.push('after'))
  await turn()
  assert.equal(sent.length, 1)
  sent[0].answer()
  await before
  await clear
  await turn()
  sent[1].answer()
  await after
  assert.deepEqual(order, ['before', 'clear', 'after'])
})
