'use strict'

// The option `fields` for sessions that were stored without it: as a method and as a command.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, describe, test } = require('node:test')

const { createKrupteinAdapter } = require('../..').MongoStore
const { command, jsonOf } = require('../helpers/command-line')
const { callback, makeSession, useCollection } = require('../helpers/stores')

const NAME = 'backfill'
const { backends, legacy, modern, rows } = useCollection(NAME)
const fields = { userId: ({ user }) => user, device: ({ device }) => device }

const encrypted = way => way.startsWith('legacy')
  ? { secret: 'secret' }
  : { cryptoAdapter: createKrupteinAdapter({ secret: 'secret' }) }

const FORMS = {
  JSON: () => ({}),
  documents: () => ({ stringify: false }),
  encryption: encrypted,
  'encryption, conflicts': way => ({ ...encrypted(way), conflicts: 'merge' })
}

const WAYS = { ...backends, 'modern, dialled by the driver': options => modern({ backend: 'driver', ...options }) }

for (const [way, open] of Object.entries(WAYS)) {
  for (const [form, optionsOf] of Object.entries(FORMS)) {
    test(`${way}, ${form}: every live session gets its fields, and nothing else changes`, async () => {
      await rows.deleteMany({})
      const without = open({ autoRemove: 'disabled', ...optionsOf(way) })
      const ids = Array.from({ length: 1100 }, (_, n) => `id-${n}`)
      await Promise.all(ids.map((sid, n) => without.set(sid, makeSession({ user: n % 10 }))))
      await without.set('z-expired', makeSession({ user: 1 }, -1000))
      await rows.updateMany({}, { $set: { device: 'of before' } })
      const before = await rows.find({}, { projection: { device: 0 } }).toArray()
      const store = open({ autoRemove: 'disabled', fields, ...optionsOf(way) })
      const progress = []
      const result = await store.backfill({ onProgress: step => progress.push(step) })
      assert.deepEqual(result, { sessions: 1100, written: 1100, gone: 0, unreadable: 0, changing: 0 })
      assert.deepEqual(progress.map(({ done }) => done), [500, 1000, 1100])
      assert.deepEqual(progress[2].total, 1101)
      assert.equal(await store.countWhere({ userId: 3 }), 110)
      assert.equal(await rows.countDocuments({ device: { $exists: true } }), 1, 'the expired one')
      assert.deepEqual(await rows.find({}, { projection: { device: 0, userId: 0 } }).toArray(), before)
      assert.deepEqual(await callback(store, 'backfill'), [null, result], 'again, to no effect')
    })
  }

  test(`${way}: what cannot be read, and what a function throws`, async () => {
    await rows.deleteMany({})
    const store = open({ autoRemove: 'disabled', fields })
    await store.set('a', makeSession({ user: 1 }))
    await rows.insertOne({ _id: 'broken', session: '{', expires: new Date('2100-01-01') })
    assert.deepEqual(await store.backfill(), { sessions: 2, written: 1, gone: 0, unreadable: 1, changing: 0 })
    const failing = open({ autoRemove: 'disabled', fields: { userId: ({ user }) => user.id.of } })
    await assert.rejects(failing.backfill(), TypeError)
    await assert.rejects(open({ autoRemove: 'disabled' }).backfill(), { message: /needs the option fields/ })
  })

  test(`${way}: sessions that are saved or destroyed meanwhile`, async () => {
    await rows.deleteMany({})
    const [writer, store] = [open({ autoRemove: 'disabled' }), open({ autoRemove: 'disabled', fields })]
    const ids = Array.from({ length: 300 }, (_, n) => `id-${n}`)
    await Promise.all(ids.map(sid => writer.set(sid, makeSession({ user: 'before' }))))
    const filling = store.backfill()
    await Promise.all(ids.map((sid, n) => n % 3 === 0 ? writer.destroy(sid) : writer.set(sid, makeSession({ user: 'after' }))))
    const { changing, ...rest } = await filling
    assert.equal(changing, 0)
    assert.equal(rest.unreadable, 0)
    await store.backfill()
    assert.equal(await store.countWhere({ userId: 'after' }), 200)
    assert.equal(await rows.countDocuments({}), 200)
    for (const row of await rows.find().toArray()) assert.equal(row.userId, JSON.parse(row.session).user)
  })
}

describe('the command', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'backfill-'))
  after(() => fs.rmSync(folder, { recursive: true }))

  const file = (text, name = 'options.cjs') => {
    fs.writeFileSync(path.join(folder, name), text)
    return path.join(folder, name)
  }
  const FIELDS = "module.exports = { fields: { userId: ({ user }) => user }, crypto: { secret: 's' } }"

  for (const backend of ['native', 'driver']) {
    test(`${backend}: writes fields and indexes`, async () => {
      await rows.drop().catch(() => {})
      await legacy({ autoRemove: 'disabled' }).ping()
      const store = modern({ autoRemove: 'disabled', crypto: { secret: 's' } })
      await Promise.all(['a', 'b'].map(user => store.set(user, makeSession({ user }))))
      const on = ['backfill', '--collection', NAME, '--backend', backend, '--options']
      const { code, stdout, stderr } = await command([...on, file(FIELDS)])
      assert.deepEqual([code, stdout, stderr], [0, `userId written for 2 of 2 sessions of ${NAME}.\n`, ''])
      assert.deepEqual((await rows.distinct('userId')).sort(), ['a', 'b'])
      const indexes = (await rows.indexes()).map(({ name }) => name).sort()
      assert.deepEqual(indexes, ['_id_', 'userId_1'])
      await rows.updateOne({ _id: 'a' }, { $set: { session: 'unreadable' } })
      const again = await jsonOf([...on, file(FIELDS)])
      assert.equal(again.code, 3)
      const counts = { sessions: 2, written: 1, gone: 0, unreadable: 1, changing: 0 }
      assert.deepEqual(again.result, { collection: NAME, fields: ['userId'], ...counts })
    })
  }

  test('says what is missing', async () => {
    const none = await command(['backfill', '--collection', NAME])
    assert.deepEqual([none.code, none.stderr.split('\n')[0]], [2, '--options is missing: a file with the options of your store'])
    const empty = await command(['backfill', '--options', file('module.exports = {}', 'empty.cjs')])
    assert.equal(empty.code, 2)
    assert.match(empty.stderr, /has no option fields: an object of functions/)
    const wrong = await command(['backfill', '--options', file('module.exports = { fields: { _id: () => 1 } }', 'wrong.cjs')])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /fields\._id: a session's row has that name already/)
  })
})
