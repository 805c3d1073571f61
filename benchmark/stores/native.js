'use strict'

const { DATABASE } = require('../sessions')

exports.open = async ({ mongo }, { MongoStore, collection }) => {
  const store = MongoStore.create({ mongoUrl: mongo, dbName: DATABASE, collectionName: collection })
  return { store, close: () => store.close() }
}
