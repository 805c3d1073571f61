'use strict'

/**
 * What an app has handed over: a Mongoose connection, a Db or a MongoClient. Recognized by their methods: the
 * objects may be of any version, and of another copy of the package than ours.
 */
function identify (value) {
  if (typeof value?.createConnection === 'function' && isMongoose(value.connection)) return { connection: value.connection }
  if (isMongoose(value)) return { connection: value }
  if (typeof value?.collection === 'function') return { db: value }
  if (typeof value?.db === 'function') return { client: value }
  throw new TypeError('the connection given to the store is no MongoClient, Db or Mongoose connection')
}

function isMongoose (value) {
  return typeof value?.readyState === 'number'
}

module.exports = { identify, isMongoose }
