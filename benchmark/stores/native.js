'use strict'

const { MongoStore } = require('../..')
const { DATABASE } = require('../sessions')

exports.open = async ({ mongo }) => {
  const store = MongoStore.create({ mongoUrl: mongo, dbName: DATABASE, collectionName: 'native' })
  return { store, close: () => store.close() }
}
