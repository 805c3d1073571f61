'use strict'

const { MongoStore } = require('connect-mongo-6')
const { DATABASE } = require('../sessions')

exports.open = async ({ mongo }) => {
  const store = MongoStore.create({ mongoUrl: mongo, dbName: DATABASE, collectionName: 'connect-mongo' })
  return { store, close: () => store.close() }
}
