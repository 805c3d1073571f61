'use strict'

// Large sessions are encrypted on a thread of their own. Where its file cannot be loaded, they are encrypted
// all the same.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { runScript } = require('../helpers/child')
const { installedApp, ownPackage, platformPackage } = require('../helpers/installed-app')

const SCRIPT = `
  const MongoStore = require('connect-mongo-native')
  const mongoUrl = process.env.TEST_URL
  const store = MongoStore.create({ mongoUrl, collectionName: 'thread', crypto: { secret: 'squirrel' } })
  const ids = ['a', 'b', 'c']
  const text = 'x'.repeat(200000)
  process.on('warning', ({ code }) => console.log(code))
  Promise.all(ids.map(id => store.set(id, { cookie: {}, text })))
    .then(() => Promise.all(ids.map(id => store.get(id))))
    .then(sessions => console.log(sessions.every(session => session.text === text)))
    .then(() => store.close())`

const CASES = {
  'with its file': { change: () => {}, output: ['true'] },
  'without its file': { change: file => fs.rmSync(file), output: ['CONNECT_MONGO_NO_CRYPTO_THREAD', 'true'] },
  'without a file that its file needs': {
    change: file => fs.writeFileSync(file, "require('./gone')"),
    output: ['CONNECT_MONGO_NO_CRYPTO_THREAD', 'true']
  }
}

for (const [name, { change, output }] of Object.entries(CASES)) {
  test(name, async t => {
    const app = installedApp({ 'express-session': ownPackage('express-session'), ...platformPackage() })
    t.after(() => app.remove())
    change(path.join(app.folder, 'node_modules', 'connect-mongo-native', 'lib', 'crypto', 'worker.js'))
    const { stdout, stderr } = await runScript(SCRIPT, {
      cwd: app.folder, env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '', NODE_NO_WARNINGS: '1' }
    })
    assert.equal(stderr, '')
    assert.deepEqual(stdout.trim().split('\n'), output)
  })
}
