'use strict'

// npx connect-mongo-native in an app that has nothing but this package.

const assert = require('node:assert/strict')
const path = require('node:path')
const { after, before, test } = require('node:test')

const { command } = require('../helpers/command-line')
const { installedApp } = require('../helpers/installed-app')
const { useCollection } = require('../helpers/stores')

const { rows } = useCollection('command-line-packed')
const ON = ['--collection', 'command-line-packed']
let app

const run = args => command(args, {
  bin: path.join(app.folder, 'node_modules/connect-mongo-native/bin/connect-mongo-native.js'), cwd: app.folder
})

before(() => { app = installedApp() })
after(() => app.remove())

test('sessions are looked after without the package mongodb', async () => {
  await rows.insertOne({ _id: 'first-session', session: '{"user":"u"}', expires: new Date('2100-01-01') })
  assert.match((await run(['list', ...ON])).stdout, /^first-… +2100/m)
  assert.match((await run(['show', ...ON, 'first-session'])).stdout, /"user": "u"/)
  assert.equal((await run(['destroy', ...ON, 'first-session', '--yes'])).code, 0)
  assert.equal(await rows.countDocuments(), 0)
  for (const name of ['clear', 'sweep']) assert.equal((await run([name, ...ON, '--yes'])).code, 0)
})

test('where a missing collection cannot be told from an empty one, the command says so', async () => {
  const { code, stderr } = await run(['list', '--collection', 'command-line-nothing'])
  assert.equal(code, 0)
  assert.match(stderr, /nothing in command-line-nothing.*only the package mongodb can say/)
})

test('what needs the package mongodb names it', async () => {
  for (const args of [['doctor'], ['inspect'], ['migrate', '--from', 'session-mongoose']]) {
    const { code, stderr } = await run(args)
    assert.equal(code, 1)
    assert.match(stderr, /needs the package mongodb: npm install mongodb/)
  }
})
