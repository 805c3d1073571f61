'use strict'

// The app that is installed, bundled and run in every way: a session is stored, read and destroyed, by URL
// and on the app's own client. The server is that of MONGODB_URL.

/** Resolves with what became of each way: 'works', or an error's message. */
const USE = `'use strict'
const session = require('express-session')
const { MongoClient } = require('mongodb')
const MongoStore = require('connect-mongo-native')

const url = process.env.MONGODB_URL
/** Tools run tests side by side: each way has a collection of its own. */
const collectionName = way => 'consumers-' + way + '-' + process.pid

const WAYS = {
  url: () => MongoStore.create({ mongoUrl: url, collectionName: collectionName('url') }),
  client: () => MongoStore.create({ client: new MongoClient(url), collectionName: collectionName('client') })
}

async function use (way) {
  const store = WAYS[way]()
  try {
    if (!(store instanceof session.Store)) throw new Error('not a store of this express-session')
    await store.set('sid', { cookie: {}, n: 1 })
    if ((await store.get('sid')).n !== 1) throw new Error('another session')
    await store.destroy('sid')
    if (await store.get('sid')) throw new Error('still there')
  } finally {
    await store.close()
  }
}

async function useAll () {
  const results = {}
  for (const way of Object.keys(WAYS)) {
    results[way] = await use(way).then(() => 'works', error => error.message)
  }
  return results
}

module.exports = { use, useAll }
`

/** Prints the results as JSON in a line of its own, marked, since tools print lines, too. */
const PROGRAM = `'use strict'
require('./use').useAll().then(results => console.log('RESULTS ' + JSON.stringify(results)))
`

/** Tests of the tools, by the name of the tool; they pass when both ways work. */
const TESTS = {
  jest: ['app.test.js', `
    const { use } = require('./use')
    test('url', () => use('url'))
    test('client', () => use('client'))`],
  mocha: ['app.test.js', `
    const { use } = require('./use')
    it('url', () => use('url'))
    it('client', () => use('client'))`],
  vitest: ['app.test.mjs', `
    import { test } from 'vitest'
    import { use } from './use.js'
    test('url', () => use('url'))
    test('client', () => use('client'))`],
  ava: ['app.test.mjs', `
    import test from 'ava'
    import { use } from './use.js'
    test('url', async t => { await use('url'); t.pass() })
    test('client', async t => { await use('client'); t.pass() })`]
}

module.exports = { PROGRAM, TESTS, USE }
