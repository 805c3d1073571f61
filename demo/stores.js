'use strict'

const { MongoStore } = require('connect-mongo-native')

/**
 * Two stores on one database, which differ in what a save does that finds its session changed by another
 * request. Both stay in touch with MongoDB by themselves and are never made anew.
 */
function createStores (mongoUrl) {
  const options = {
    mongoUrl,
    dbName: 'connect-mongo-demo',
    // A visitor would rather see a page that says what is wrong than wait for the default of 30 s.
    operationTimeoutMS: 1500,
    mongoOptions: {
      serverSelectionTimeoutMS: 1000,
      heartbeatFrequencyMS: 1000 // how often it looks whether MongoDB is back while nobody asks; by default 10 s
    }
  }
  const merged = MongoStore.create({
    ...options,
    collectionName: 'sessions',
    conflicts: 'merge',
    fields: { user: session => session.user } // beside the session, with an index: to find a user's sessions by
  })
  const overwritten = MongoStore.create({ ...options, collectionName: 'overwritten' })
  // What no request waits for: connecting, the index. Once for both, since they have one connection.
  merged.on('error', error => console.error(`MongoDB: ${error.message}`))
  return { merged, overwritten }
}

module.exports = { createStores }
