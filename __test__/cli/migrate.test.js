'use strict'

// npx connect-mongo-native migrate: what it takes, what it prints, how it ends.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { PassThrough } = require('node:stream')
const { test } = require('node:test')
const { stripVTControlCharacters } = require('node:util')

const { ProgressBar } = require('../../lib/cli/progress-bar')
const { command, jsonOf } = require('../helpers/command-line')
const { BROKEN, fresh, FROM, mixed, url } = require('../helpers/migrations')

test('a TTL index that cannot be made is reported, with the remedy', async () => {
  const collection = await fresh('no_ttl', [mixed(0)])
  await collection.dropIndex('expires_1')
  await collection.createIndex({ expires: 1 }, { expireAfterSeconds: 3600 })
  const { code, stdout } = await command([...FROM, '--collection', collection.collectionName])
  assert.equal(code, 3)
  assert.match(stdout, /TTL index could not be created.*Remedy.*migrate_no_ttl.*createIndex/)
})

test('a dry run counts, and changes nothing', async () => {
  const collection = await fresh('dry', [...Array.from({ length: 10 }, (_, n) => mixed(n)), BROKEN[0]])
  const state = async () => [await collection.find().sort({ _id: 1 }).toArray(), await collection.indexes()]
  const before = await state()
  const { code, stdout } = await command([...FROM, '--collection', collection.collectionName, '--dry-run'])
  assert.equal(code, 3)
  assert.match(stdout, /connect-mongo-test\.migrate_dry has 11 rows of session-mongoose\.\n10 would be moved to migrate_dry\. Nothing was changed\.\n1 would stay/)
  assert.deepEqual(await state(), before)
})

test('whoever reads the summary may stop reading', async () => {
  const collection = await fresh('pipe', Array.from({ length: 2000 }, (_, n) => ({ sid: `s${n}`, data: '{' })))
  const script = `'${process.execPath}' bin/connect-mongo-native.js ${[...FROM, '--collection', collection.collectionName].join(' ')}`
  const { stderr } = spawnSync('sh', ['-c', `${script} | head -1`], {
    cwd: path.join(__dirname, '../..'), encoding: 'utf8', env: { ...process.env, MONGODB_URL: url }
  })
  assert.equal(stderr, '')
})

test('a terminal sees how far it is', async () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true })
  const bar = new ProgressBar(stream)
  bar.draw({ done: 0, total: 2000 })
  bar.draw({ done: 1000, total: 2000 })
  bar.draw({ done: 3000, total: 2000 })
  bar.end()
  const drawn = stripVTControlCharacters(String(stream.read()))
  assert.deepEqual(drawn.split(/(?=\[)/), [
    `[${' '.repeat(30)}] 0 of 2,000`,
    `[${'#'.repeat(15)}${' '.repeat(15)}] 1,000 of 2,000`,
    `[${'#'.repeat(30)}] 3,000 of 3,000\n`
  ])
})

test('wrong usage says how it is right', async () => {
  const wrong = [
    [['migrate'], /--from is missing: session-mongoose, connect-mongodb-session or/],
    [['migrate', '--from', 'session-mongose'], /must be session-mongoose or .*; did you mean session-mongoose\?/],
    [[...FROM, '--id-field', 'x'], /idField is an option of connect-mongodb-session/],
    [FROM, /Set MONGODB_URL/, { MONGODB_URL: '' }],
    [[...FROM, '--ttl'], /--ttl takes a value: <seconds>/],
    [[...FROM, '--dryrun'], /no --dryrun; did you mean --dry-run\?/],
    [[...FROM, '--ttl', 'abc'], /--ttl must be a number of seconds/],
    [[...FROM, '--ttl', '1e13'], /--ttl must be a number of seconds/]
  ]
  for (const [args, message, env] of wrong) {
    const { code, stderr } = await command(args, { env })
    assert.equal(code, 2)
    assert.match(stderr, message)
    assert.match(stderr, /^Usage: /m)
  }
  const { code, stderr } = await command([...FROM, '--collection', 'a', '--model', 'B'])
  assert.equal(code, 2)
  assert.match(stderr, /collection or modelName, not both/)
})

test('a collection that is not there is an error, which names the nearest one', async () => {
  await fresh('near', [mixed(0)])
  const { code, stderr } = await command([...FROM, '--collection', 'migrate_naer'])
  assert.equal(code, 1)
  assert.match(stderr, /no collection migrate_naer in connect-mongo-test; did you mean migrate_near\?/)
})

test('the summary as JSON', async () => {
  const collection = await fresh('json', [mixed(0), BROKEN[0]])
  const { code, result } = await jsonOf([...FROM, '--collection', collection.collectionName])
  assert.equal(code, 3)
  assert.deepEqual([result.moved, result.ttlIndex], [1, true])
  assert.deepEqual(result.left.map(({ sid, reason }) => [sid, reason]), [
    ['broken…', 'its data is no session: neither a document nor JSON of one']
  ])
})

test('a server that is not there is an error without a password', async () => {
  const dead = 'mongodb://user:hunter2@127.0.0.1:9/x?serverSelectionTimeoutMS=200'
  const { code, stderr } = await command([...FROM, '--url', dead])
  assert.equal(code, 1)
  assert.match(stderr, /MongoServerSelectionError/)
  assert.ok(!stderr.includes('hunter2'))
})
