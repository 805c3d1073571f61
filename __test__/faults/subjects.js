'use strict'

const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const SessionStore = require('../../session-mongoose')(session)
const { DATABASE, LegacyStore, MongoStore } = require('../helpers/stores')

// Whose stores a trial calls: the core's, those on connections of the app's, and connect-mongo 6.0.0's.

/** What the stores tell, by dialect. */
const DIALECTS = {
  modern: { tells: { touchTells: true } },
  legacy: { tells: {} },
  'session-mongoose': { tells: { destroyTells: true }, isSessionMongoose: true }
}

const PEER = 'connect-mongo 6'

const SUBJECTS = {
  core: {
    modern: (mongoUrl, collectionName, options) => MongoStore.create({ mongoUrl, collectionName, ...options }),
    legacy: (url, collection, options) => new LegacyStore({ url, collection, ...options }),
    'session-mongoose': (url, collection, { operationTimeoutMS }) =>
      new SessionStore({ url, collection, operationTimeoutMS, sweeper: false })
  },
  borrowed: {
    modern: (url, collectionName, options) =>
      MongoStore.create({ client: new MongoClient(url), collectionName, ...options }),
    legacy: (url, collection, options) => new LegacyStore({ db: new MongoClient(url).db(), collection, ...options }),
    'session-mongoose': (url, collection, { operationTimeoutMS }, connections) => {
      const connection = new Mongoose().createConnection(url)
      connection.asPromise().catch(() => {}) // the store tries again
      connections.push(connection)
      return new SessionStore({ connection, collection, operationTimeoutMS, sweeper: false })
    }
  },
  [PEER]: {
    modern: (mongoUrl, collectionName) => {
      const { MongoStore: Peer } = require('connect-mongo-6')
      return Peer.create({ mongoUrl, collectionName, autoRemove: 'disabled' })
    }
  }
}

/**
 * Opens a store for each dialect of each of the subjects. `query`: parameters for the connection string, an
 * object. Returns the stores, each with a name, its collection's name and what its calls tell; and a function
 * that closes them. `dialects`: only of these.
 */
function openStores (subjects, { uri, query, dialects = Object.keys(DIALECTS), operationTimeoutMS }) {
  const [hosts, given] = uri.split('/?')
  const parameters = new URLSearchParams([...new URLSearchParams(given), ...Object.entries(query)])
  const url = `${hosts.replace(/\/$/, '')}/${DATABASE}?${parameters}`
  const connections = []
  const stores = subjects.flatMap(subject => dialects.filter(dialect => dialect in SUBJECTS[subject]).map(dialect => {
    const open = SUBJECTS[subject][dialect]
    const name = `${subject} ${dialect}`
    const collection = `faults ${name}`.replaceAll(' ', '-')
    const store = open(url, collection, { operationTimeoutMS, autoRemove: 'disabled' }, connections)
    store.on('error', () => {}) // of an attempt to connect
    const { tells, isSessionMongoose = false } = DIALECTS[dialect]
    return { name, store, collection, tells: { ...tells, promises: subject !== PEER }, isSessionMongoose }
  }))
  const close = async () => {
    await Promise.all(stores.map(({ store }) => store.close()))
    await Promise.all(connections.map(connection => connection.close()))
  }
  return { stores, close }
}

/** What is stored, by id, as checker.js reads it. */
async function readRows (db, { collection, isSessionMongoose }) {
  const rows = await db.collection(collection).find({}).toArray()
  return new Map(rows.map(row => {
    const expires = row.expires.getTime()
    if (isSessionMongoose) return [row.sid, { n: row.data.n, expires }]
    return [row._id, { n: JSON.parse(row.session).n, expires }]
  }))
}

module.exports = { openStores, PEER, readRows, subjects: Object.keys(SUBJECTS) }
