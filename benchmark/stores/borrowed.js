'use strict'

const { MongoClient } = require('mongodb')
const { DATABASE } = require('../sessions')

exports.open = async ({ mongo }, { MongoStore, collection }) => {
  const client = await new MongoClient(mongo).connect()
  const store = MongoStore.create({ client, dbName: DATABASE, collectionName: collection })
  const close = async () => {
    await store.close()
    await client.close()
  }
  return { store, close }
}
