'use strict'

// A process that removes expired sessions, and writes each event `expire` to a file before anything else
// happens: that outlives its end at any moment.

const fs = require('node:fs')
const { MongoClient } = require('mongodb')

const MongoStore = require('../..')

const { TEST_URL, COLLECTION, BORROWS, FILE } = process.env

const connection = BORROWS ? { client: new MongoClient(TEST_URL) } : { mongoUrl: TEST_URL }
const store = MongoStore.create({
  ...connection, collectionName: COLLECTION, autoRemove: 'interval', autoRemoveInterval: 0.02
})
const file = fs.openSync(FILE, 'a')
store.on('expire', (id, session) => fs.writeSync(file, `${id} ${session.user}\n`))
process.on('message', () => store.close().then(() => process.disconnect()))
