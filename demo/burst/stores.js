'use strict'

// The two stores of the burst, each with a collection of its own and every option at its default, and how
// many operations and commands they have done: `figures()` resolves to `{ operations, commands }`.

const { MongoClient } = require('mongodb')
const ConnectMongo6 = require('connect-mongo-6')
const { MongoStore } = require('connect-mongo-native')

const DATABASE = 'connect-mongo-demo-burst'

function open (name, url) {
  return name === 'connect-mongo-native' ? native(url) : connectMongo(url)
}

/** It counts for itself. */
function native (mongoUrl) {
  const store = MongoStore.create({ mongoUrl, dbName: DATABASE, collectionName: 'native' })
  const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0)
  return {
    store,
    figures: async () => {
      const { operations, commands } = await store.stats()
      return { operations: sum(operations), commands: sum(commands) }
    }
  }
}

/** Its driver takes a connection from the pool for each command, and says so at little cost. */
function connectMongo (url) {
  const counts = { operations: 0, commands: 0 }
  const client = new MongoClient(url)
  client.on('connectionCheckedOut', () => { counts.commands += 1 })
  const store = ConnectMongo6.MongoStore.create({ client, dbName: DATABASE, collectionName: 'connect-mongo' })
  for (const method of ['get', 'set', 'touch', 'destroy']) {
    const original = store[method]
    store[method] = function (...args) {
      counts.operations += 1
      return original.apply(this, args)
    }
  }
  return { store, figures: async () => ({ ...counts }) }
}

module.exports = { open }
