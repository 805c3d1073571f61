'use strict'

// npx connect-mongo-native list, show, destroy, clear and sweep.

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { ObjectId } = require('mongodb')

const { command, jsonOf } = require('../helpers/command-line')
const { makeSession, useCollection } = require('../helpers/stores')

const NAME = 'command-line'
const { modern, rows, url } = useCollection(NAME)
const ON = ['--collection', NAME]
const LATER = new Date('2100-01-01')

const row = (_id, session = '{"user":"u"}', expires = LATER) => ({ _id, session, expires })

beforeEach(async () => {
  await rows.deleteMany({})
  await rows.insertOne(row('first-session'))
})

for (const backend of ['native', 'driver']) {
  const on = [...ON, '--backend', backend]

  describe(backend, () => {
    test('list shows what has not expired, with the beginnings of ids', async () => {
      await rows.insertMany([row('second-session', { user: 'u' }), row('third-session', '{}', new Date(0)), { _id: 'fourth', session: '{}' }])
      const { code, stdout } = await command(['list', ...on])
      assert.equal(code, 0)
      const lines = stdout.split('\n')
      assert.match(lines[1], /^first-… +2100-01-01T00:00:00Z +12 bytes$/)
      assert.match(lines[2], /^fourth… +never +2 bytes$/)
      assert.match(lines[3], /^second… +2100-01-01T00:00:00Z +\d+ bytes$/)
      assert.equal(lines[4], '3 shown. 4 stored, expired ones that are not removed yet included.')
      assert.ok(!stdout.includes('session'), stdout.split('\n').slice(0, 4).join())
    })

    test('list goes on over many pages, up to a limit', async () => {
      await rows.insertMany(Array.from({ length: 1200 }, (_, n) => row(`many ${n}`)))
      const shown = async (...args) => (await jsonOf(['list', ...on, '--show-ids', ...args])).result.sessions.map(({ id }) => id)
      assert.equal((await shown()).length, 100)
      assert.deepEqual(await shown('--limit', '2'), ['first-session', 'many 0'])
      const all = await shown('--limit', '0')
      assert.equal(new Set(all).size, 1201)
    })

    test('ids of other types', async () => {
      const _id = new ObjectId()
      await rows.insertMany([row(_id), row(5)])
      const ids = (await jsonOf(['list', ...on, '--show-ids'])).result.sessions.map(({ id }) => id)
      assert.deepEqual(ids.toSorted(), ['5', String(_id), 'first-session'].toSorted())
      const { code, stdout } = await command(['show', ...on, String(_id)])
      assert.equal(code, 0)
      assert.match(stdout, /"user": "u"/)
      assert.equal((await command(['destroy', ...on, '--yes', String(_id)])).code, 0)
      assert.equal(await rows.countDocuments({ _id }), 0)
    })

    test('show takes an id, its beginning, or ids from the input', async () => {
      await rows.insertOne(row('second-session', { user: 'document' }))
      for (const id of ['first-session', 'first-', 'first-…']) {
        const { code, stdout } = await command(['show', ...on, id])
        assert.equal(code, 0)
        assert.match(stdout, /^first-… expires 2100-01-01T00:00:00Z, 12 bytes\n\{\n {2}"user": "u"\n\}\n$/)
      }
      const { result } = await jsonOf(['show', ...on, '-'], { input: 'first-session\nsecond\n' })
      assert.deepEqual(result.sessions.map(({ session }) => session), [{ user: 'u' }, { user: 'document' }])
    })

    test('a beginning that is too short, means several or none', async () => {
      await rows.insertOne(row('first-other'))
      const short = await command(['show', ...on, 'first'])
      assert.equal(short.code, 2)
      assert.match(short.stderr, /needs 6 characters/)
      const several = await command(['destroy', ...on, '--yes', 'first-'])
      assert.equal(several.code, 2)
      assert.match(several.stderr, /Several ids begin with first-…/)
      const none = await command(['show', ...on, 'no-such-session'])
      assert.deepEqual([none.code, none.stdout, none.stderr], [1, '', 'There is no session no-suc…\n'])
      assert.equal(await rows.countDocuments(), 2)
    })

    test('destroy does nothing without --yes', async () => {
      const asked = await command(['destroy', ...on, 'first-session'])
      assert.deepEqual([asked.code, asked.stdout], [2, '1 session would be destroyed. Nothing was: --yes is missing.\n'])
      assert.equal(await rows.countDocuments(), 1)
      await rows.insertOne(row('second-session'))
      const done = await command(['destroy', ...on, '--yes', '-'], { input: 'first-session\nmissing-session\n' })
      assert.deepEqual([done.code, done.stdout, done.stderr], [1, '1 session destroyed.\n', 'There is no session missin…\n'])
      assert.deepEqual((await rows.find().toArray()).map(({ _id }) => _id), ['second-session'])
    })

    test('clear does nothing without --yes', async () => {
      const asked = await command(['clear', ...on])
      assert.deepEqual([asked.code, asked.stdout], [2, `1 session of ${NAME} would be destroyed. Nothing was: --yes is missing.\n`])
      assert.equal(await rows.countDocuments(), 1)
      const done = await command(['clear', ...on, '--yes'])
      assert.deepEqual([done.code, done.stdout], [0, `1 session of ${NAME} destroyed.\n`])
      assert.equal(await rows.countDocuments(), 0)
      assert.deepEqual((await jsonOf(['clear', ...on, '--yes'])).result, { collection: NAME, stored: 0, cleared: true })
    })

    test('sweep removes what has expired, and nothing without --yes', async () => {
      await rows.insertMany([row('second-session', '{}', new Date(0)), row('third-session', '{}', new Date(1))])
      const asked = await command(['sweep', ...on])
      assert.deepEqual([asked.code, asked.stdout], [2, `2 sessions of ${NAME} have expired. Nothing was removed: --yes is missing.\n`])
      assert.equal(await rows.countDocuments(), 3)
      const done = await command(['sweep', ...on, '--yes'])
      assert.deepEqual([done.code, done.stdout], [0, `2 sessions of ${NAME} had expired and are removed.\n`])
      assert.deepEqual((await rows.find().toArray()).map(({ _id }) => _id), ['first-session'])
    })
  })
}

test('encrypted sessions are named by their family, and stay secret', async () => {
  const store = modern({ crypto: { secret: 'the secret' } })
  await store.set('encrypted-session', makeSession({ user: 'somebody' }))
  const { code, stdout } = await command(['show', ...ON, 'encrypted-session'])
  assert.equal(code, 0)
  assert.match(stdout, /It is encrypted, family [A-D]/)
  assert.ok(!stdout.includes('somebody'))
})

test('a collection that is not there, or of another package, is an error of every command', async t => {
  const foreign = rows.db.collection('command-line-foreign')
  t.after(() => foreign.drop())
  await foreign.createIndex({ sid: 1 }, { unique: true })
  for (const args of [['list'], ['show', 'first-session'], ['destroy', 'first-session', '--yes'], ['clear', '--yes'], ['sweep', '--yes']]) {
    const missing = await command([...args, '--collection', 'comand-line'])
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /no collection comand-line in connect-mongo-test; did you mean command-line\?/)
    const other = await command([...args, '--collection', foreign.collectionName])
    assert.equal(other.code, 1)
    assert.match(other.stderr, /session-mongoose.*migrate --from session-mongoose/)
  }
})

test('--db names another database than the connection string', async () => {
  const elsewhere = url.replace(/\/connect-mongo-test/, '/elsewhere')
  const { code, stdout } = await command(['list', ...ON, '--db', 'connect-mongo-test'], { env: { MONGODB_URL: elsewhere } })
  assert.equal(code, 0)
  assert.match(stdout, /first-…/)
})
