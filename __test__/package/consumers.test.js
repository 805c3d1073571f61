'use strict'

// The packed package in projects of its users: CommonJS, ES modules and TypeScript, as npm would install it.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const { installedApp, ownPackage } = require('../helpers/installed-app')
const { testUrl } = require('../helpers/stores')

const root = path.join(__dirname, '../..')
const NEIGHBOURS = ['express-session', 'mongodb', '@types', 'bson', 'typescript']

/** What both kinds of module do with the store, so that what was imported is seen to work. */
const USE = `
  const store = MongoStore.create({ mongoUrl: process.env.TEST_URL, collectionName: 'consumers' })
  const Legacy = MongoStore(session)
  const legacy = new Legacy({ url: process.env.TEST_URL, collection: 'consumers' })
  store.set('a', { cookie: {}, n: 1 })
    .then(() => legacy.get('a'))
    .then(({ n }) => console.log(Named === MongoStore && store instanceof session.Store && legacy instanceof session.Store && n))
    .then(() => Promise.all([store.close(), legacy.close()]))`

const TYPESCRIPT = `
  import MongoStore = require('connect-mongo-native')
  import session = require('express-session')
  const store: MongoStore = MongoStore.create({ mongoUrl: 'mongodb://localhost/app' })
  session({ secret: 'foo', store })
  new (MongoStore(session))({ url: 'mongodb://localhost/app', ttl: 60 }).get('sid', (error, found) => found?.cookie)`

const TYPESCRIPT_MODULE = `
  import MongoStore, { MongoStore as Named } from 'connect-mongo-native'
  import session from 'express-session'
  session({ secret: 'foo', store: MongoStore.create({ mongoUrl: 'mongodb://localhost/app' }) })
  export const stats: Promise<MongoStore.Stats> = new Named({ mongoUrl: 'mongodb://localhost/app' }).stats()`

describe('the packed package', () => {
  let app

  before(() => {
    const neighbours = NEIGHBOURS.map(name => [name, ownPackage(name)])
    app = installedApp(Object.fromEntries(neighbours))
  })
  after(() => app.remove())

  function write (name, text) {
    fs.writeFileSync(path.join(app.folder, name), text)
    return name
  }

  function run (...args) {
    try {
      return execFileSync(process.execPath, args, {
        cwd: app.folder, encoding: 'utf8', env: { ...process.env, TEST_URL: testUrl() }
      })
    } catch (error) {
      throw new Error(`${error.stdout}\n${error.stderr}`, { cause: error })
    }
  }

  test('CommonJS', () => {
    const script = write('consumer.cjs', `
      const MongoStore = require('connect-mongo-native')
      const { MongoStore: Named } = require('connect-mongo-native')
      const session = require('express-session')
      ${USE}`)
    assert.equal(run(script).trim(), '1')
  })

  test('ES modules', () => {
    const script = write('consumer.mjs', `
      import MongoStore, { MongoStore as Named, create } from 'connect-mongo-native'
      import session from 'express-session'
      if (create !== MongoStore.create) throw new Error('create is another')
      ${USE}`)
    assert.equal(run(script).trim(), '1')
  })

  const compilers = {
    commonjs: ['consumer.cts', TYPESCRIPT, ['--module', 'commonjs', '--moduleResolution', 'bundler']],
    node16: ['consumer.cts', TYPESCRIPT, ['--module', 'node16']],
    'node16, as a module': ['consumer.mts', TYPESCRIPT_MODULE, ['--module', 'node16']],
    nodenext: ['consumer.mts', TYPESCRIPT_MODULE, ['--module', 'nodenext']],
    bundler: ['bundled.ts', TYPESCRIPT_MODULE, ['--module', 'esnext', '--moduleResolution', 'bundler', '--esModuleInterop']]
  }
  for (const [name, [file, text, options]] of Object.entries(compilers)) {
    test(`TypeScript: ${name}`, () => {
      const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node']
      run(path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...strict, ...options, write(file, text))
    })
  }

  test('publint and attw have nothing to say', () => {
    const tool = (...parts) => path.join(root, 'node_modules', ...parts)
    run(tool('publint', 'src', 'cli.js'), app.tarball, '--strict')
    run(tool('@arethetypeswrong', 'cli', 'dist', 'index.js'), app.tarball, '--profile', 'node16', '--no-emoji')
  })
})
