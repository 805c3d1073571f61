'use strict'

// An app is bundled with the packed package, and runs where there is no node_modules.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')

const bundlers = require('../consumers/bundlers')
const { installedApp, ownPackage, platformPackage } = require('../helpers/installed-app')
const { testUrl } = require('../helpers/stores')

/** What bundlers make of the driver is theirs, and takes them long: only the quickest gets it. */
const APPS = {
  'by URL': {
    neighbours: ['express-session'],
    source: `
      const MongoStore = require('connect-mongo-native')
      const session = require('express-session')
      const use = require('./use')
      const url = process.env.TEST_URL
      const Legacy = MongoStore(session)
      const stores = [
        MongoStore.create({ mongoUrl: url, collectionName: 'bundlers' }),
        new Legacy({ url, collection: 'bundlers', secret: 'squirrel' })
      ]
      use(stores).then(() => console.log(stores.every(store => store instanceof session.Store)))`
  },
  'with the driver': {
    neighbours: ['express-session', 'mongodb'],
    source: `
      const MongoStore = require('connect-mongo-native')
      const { MongoClient } = require('mongodb')
      const use = require('./use')
      const url = process.env.TEST_URL
      use([
        MongoStore.create({ client: new MongoClient(url), collectionName: 'bundlers' }),
        MongoStore.create({ mongoUrl: url, collectionName: 'bundlers', stringify: false }),
        MongoStore.create({ mongoUrl: url, collectionName: 'bundlers', backend: 'driver' })
      ]).then(() => console.log(true))`
  }
}

/** Large enough for the thread that encrypts, which a bundle does not have. */
const USE = `
  const text = 'x'.repeat(200000)
  module.exports = async stores => {
    for (const store of stores) {
      await store.set('bundled', { cookie: {}, text })
      if ((await store.get('bundled')).text !== text) throw new Error('another session')
      await store.destroy('bundled')
      if (await store.get('bundled')) throw new Error('still there')
      await store.close()
    }
  }`

const CASES = [
  ...Object.keys(bundlers).map(bundler => [bundler, 'by URL']),
  ['esbuild', 'with the driver'],
  ['vite build --ssr', 'with the driver']
]

describe('bundled', () => {
  const apps = {}
  const folders = []

  before(() => {
    for (const [kind, { neighbours, source }] of Object.entries(APPS)) {
      const packages = Object.fromEntries(neighbours.map(name => [name, ownPackage(name)]))
      apps[kind] = installedApp({ ...packages, ...platformPackage() })
      fs.writeFileSync(path.join(apps[kind].folder, 'app.js'), source)
      fs.writeFileSync(path.join(apps[kind].folder, 'use.js'), USE)
    }
  })

  after(() => {
    for (const app of Object.values(apps)) app.remove()
    for (const folder of folders) fs.rmSync(folder, { recursive: true })
  })

  for (const [bundler, kind] of CASES) {
    test(`by ${bundler}: ${kind}`, async () => {
      const to = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-bundled-'))
      folders.push(to)
      const file = await bundlers[bundler](path.join(apps[kind].folder, 'app.js'), to)
      // The app is not the program: a bundle that is an ES module must find its folder by itself.
      fs.mkdirSync(path.join(to, 'elsewhere'))
      const program = path.join(to, 'elsewhere', 'program.mjs')
      fs.writeFileSync(program, `import '../${path.basename(file)}'`)
      const { stdout } = await promisify(execFile)(process.execPath, [program], {
        cwd: path.dirname(program),
        env: { ...process.env, CONNECT_MONGO_NATIVE_LIBRARY_PATH: '', NODE_PATH: '', TEST_URL: testUrl() }
      })
      assert.equal(stdout.trim(), 'true')
    })
  }
})
