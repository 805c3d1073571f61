'use strict'

// Collections in which no session can be stored. A store on one says what is wrong, and not that it works.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const SessionStore = require('../../session-mongoose')(session)
const { within } = require('../helpers/rows')
const { skipsBefore } = require('../helpers/server-version')
const { DATABASE, makeSession, useCollection } = require('../helpers/stores')

const { backends, keep, url } = useCollection('unusable')

const ways = {
  ...backends,
  'session-mongoose': ({ collection }) => keep(new SessionStore({ url, collection, sweeper: false })),
  'session-mongoose, dialled by the driver': ({ collection }) =>
    keep(new SessionStore({ url, collection, sweeper: false, backend: 'driver' }))
}

const KINDS = {
  view: { made: { viewOn: 'unusable', pipeline: [] }, said: /: it is a view, in which nothing can be stored\. Remedy: / },
  'time series': { made: { timeseries: { timeField: 'at' } }, said: /: it is a time-series collection, .* Remedy: / },
  validator: { made: { validator: { never: { $exists: true } } }, said: /: its validator has refused a session, .* Remedy: / }
}

for (const [way, open] of Object.entries(ways)) {
  describe(way, () => {
    let client
    const warnings = []
    const listener = warning => warnings.push(warning)
    before(async () => {
      client = await MongoClient.connect(url)
      process.on('warning', listener)
    })
    after(async () => {
      process.off('warning', listener)
      await client?.close()
    })

    for (const [kind, { made, said }] of Object.entries(KINDS)) {
      test(`on a ${kind}`, async t => {
        if (kind === 'time series' && await skipsBefore('5.0', 'time series', t)) return
        const name = `unusable ${kind}, ${way}`
        const db = client.db(DATABASE)
        await db.collection(name).drop().catch(() => {}) // there may be none
        await db.createCollection(name, made)
        const store = open({ collectionName: name, collection: name })
        await store.ping()
        const error = await store.set('a', makeSession()).catch(error => error)
        assert.equal(typeof error.code, 'number', error)
        const ours = () => warnings.filter(({ message }) => message.startsWith(`${name}: `))
        assert.ok(await within(5000, () => ours().length > 0))
        await sleep(100)
        assert.deepEqual(ours().map(({ code }) => code), ['CONNECT_MONGO_COLLECTION'])
        assert.match(ours()[0].message, said)
        assert.doesNotMatch(ours()[0].message, /works/)
        await db.collection(name).drop()
      })
    }
  })
}
