'use strict'

// `store.model`: the rows as a real Mongoose model, of whichever Mongoose the app has.

const assert = require('node:assert/strict')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { runScript } = require('../helpers/child')
const { installedApp, ownPackage } = require('../helpers/installed-app')
const { DATABASE, testUrl } = require('../helpers/stores')

const client = new MongoClient(testUrl())
after(() => client.close())

/** An app's folder, with these packages. */
function app (packages) {
  const { folder, remove } = installedApp({ 'express-session': ownPackage('express-session'), ...packages })
  after(remove)
  return folder
}

const SCRIPT = `
  const SessionStore = require('connect-mongo-native/session-mongoose')(require('express-session'))
  const collection = process.env.TEST_COLLECTION
  const store = new SessionStore({ url: process.env.TEST_URL, modelName: 'Foobar', collection, sweeper: false })
  const fail = error => { console.error(error); process.exit(1) }
`

for (const installed of ['mongoose-5', 'mongoose-8', 'mongoose-9']) {
  describe(installed, () => {
    const folder = app({ mongoose: path.join(__dirname, 'versions/node_modules', installed) })
    const run = (name, script) => runScript(SCRIPT + script, { cwd: folder, env: { TEST_COLLECTION: name } })

    test('finds the rows of the store, and leaves the default instance alone', async () => {
      const result = await run(`model_${installed}`, `
        (async () => {
          await store.set('a', { cookie: {}, user: 'u' })
          const row = await store.model.findOne({ sid: 'a' })
          await store.model.create({ sid: 'b', data: { user: 'v' }, expires: null })
          const mongoose = require('mongoose')
          console.log(JSON.stringify({
            user: row.data.user, expires: row.expires, name: store.model.modelName, same: store.model === store.model,
            theirs: (await store.get('b')).user, keys: Object.keys((await store.model.findOne({ sid: 'b' })).toObject()),
            real: typeof store.model.aggregate, alone: mongoose.connections.length + mongoose.modelNames().length
          }))
          await store.model.deleteMany({})
          await store.close()
        })().catch(fail)`)
      assert.equal(result.stderr.replace(/.*(Deprecation|trace-|ExperimentalWarning).*\n/g, ''), '')
      const { keys, ...found } = JSON.parse(result.stdout)
      assert.deepEqual(found, {
        user: 'u', expires: null, name: 'Foobar', same: true, theirs: 'v', real: 'function', alone: 1
      })
      assert.deepEqual(keys.sort(), ['_id', 'data', 'expires', 'sid'])
      assert.equal(result.code, 0, 'close ends its connection too')
    })

    test('close ends, also when there is no server', async () => {
      const result = await run('model_unreachable', `
        store.close()
        const url = 'mongodb://127.0.0.1:9/x?serverSelectionTimeoutMS=500'
        const unreachable = new SessionStore({ url, sweeper: false })
        unreachable.model
        unreachable.close().then(() => console.log('closed'), fail)`)
      assert.equal(result.stdout, 'closed\n', result.stderr)
      assert.equal(result.code, 0)
    })

    test('model.collection.drop calls back, at once and when there is nothing', async () => {
      const name = `model_drop_${installed}`
      const result = await run(name, `
        const { model } = store
        model.collection.drop(function (err) {
          console.log(String(err))
          store.set('a', { cookie: {} }, () => model.collection.drop(err => {
            console.log(String(err))
            store.length(async (err, n) => {
              console.log(n)
              await store.close()
            })
          }))
        })`)
      assert.equal(result.stdout, 'null\nnull\n0\n', result.stderr)
      assert.equal(result.code, 0)
      const indexes = await client.db(DATABASE).collection(name).indexes()
      assert.ok(indexes.some(({ name, unique }) => name === 'sid_1' && unique), 'the indexes are there again')
    })
  })
}

test('without Mongoose, model says what to install, and the rest works', async () => {
  const folder = app({ bson: ownPackage('bson') })
  const result = await runScript(`${SCRIPT}
    (async () => {
      await store.set('a', { cookie: {} })
      try { store.model } catch (error) { console.log(error.message) }
      await store.destroy('a')
      await store.close()
    })().catch(fail)`, { cwd: folder, env: { TEST_COLLECTION: 'model_without' } })
  assert.equal(result.stdout, 'store.model needs the package mongoose: npm install mongoose\n', result.stderr)
})
