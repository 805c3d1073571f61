'use strict'

const session = require('express-session')
const { MongoClient } = require('mongodb')
const { Mongoose } = require('mongoose')

const SessionStore = require('../../session-mongoose')(session)
const { DATABASE, LegacyStore, MongoStore } = require('../helpers/stores')
const { propertiesOf } = require('./merging/recorder')

// Whose stores a trial calls: the core's, those on connections of the app's, and connect-mongo 6.0.0's.

/** What the stores of a kind tell: those of each dialect, and those that merge. */
const KINDS = {
  modern: { tells: { touchTells: true } },
  legacy: { tells: {} },
  'session-mongoose': { tells: { destroyTells: true }, readRow: ({ sid, data, expires }) => [sid, row(data, expires)] },
  merging: { tells: {}, merges: true, readRow: ({ _id, session }) => [_id, propertiesOf(JSON.parse(session))] }
}

const readRow = ({ _id, session, expires }) => [_id, row(JSON.parse(session), expires)]

const row = ({ n }, expires) => ({ n, expires: expires.getTime() })

const MERGING = { conflicts: 'merge', fields: { group: ({ group }) => group } }

const PEER = 'connect-mongo 6'

const SUBJECTS = {
  core: {
    modern: (mongoUrl, collectionName, options) => MongoStore.create({ mongoUrl, collectionName, ...options }),
    legacy: (url, collection, options) => new LegacyStore({ url, collection, ...options }),
    merging: (mongoUrl, collectionName, options) =>
      MongoStore.create({ mongoUrl, collectionName, ...options, ...MERGING }),
    'session-mongoose': (url, collection, { operationTimeoutMS }) =>
      new SessionStore({ url, collection, operationTimeoutMS, sweeper: false })
  },
  borrowed: {
    modern: (url, collectionName, options) =>
      MongoStore.create({ client: new MongoClient(url), collectionName, ...options }),
    merging: (url, collectionName, options) =>
      MongoStore.create({ client: new MongoClient(url), collectionName, ...options, ...MERGING }),
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
 * Opens a store of each kind for each of the subjects. `query`: parameters for the connection string, an
 * object. Returns the stores, each with a name, its collection's name, what its calls tell and how its rows
 * are read; and a function that closes them. `kinds`: only of these.
 */
function openStores (subjects, { uri, query, kinds = Object.keys(KINDS), operationTimeoutMS }) {
  const [hosts, given] = uri.split('/?')
  const parameters = new URLSearchParams([...new URLSearchParams(given), ...Object.entries(query)])
  const url = `${hosts.replace(/\/$/, '')}/${DATABASE}?${parameters}`
  const connections = []
  const stores = subjects.flatMap(subject => kinds.filter(kind => kind in SUBJECTS[subject]).map(kind => {
    const open = SUBJECTS[subject][kind]
    const name = `${subject} ${kind}`
    const collection = `faults ${name}`.replaceAll(' ', '-')
    const store = open(url, collection, { operationTimeoutMS, autoRemove: 'disabled' }, connections)
    store.on('error', () => {}) // of an attempt to connect
    const { tells, merges = false } = KINDS[kind]
    const opened = { name, store, collection, merges, readRow: KINDS[kind].readRow ?? readRow }
    return { ...opened, tells: { ...tells, promises: subject !== PEER } }
  }))
  const close = async () => {
    await Promise.all(stores.map(({ store }) => store.close()))
    await Promise.all(connections.map(connection => connection.close()))
  }
  return { stores, close }
}

/** What is stored, by id, as the store's checker reads it. */
async function readRows (db, { collection, readRow }) {
  return new Map((await db.collection(collection).find({}).toArray()).map(readRow))
}

module.exports = { openStores, PEER, readRows, subjects: Object.keys(SUBJECTS) }
