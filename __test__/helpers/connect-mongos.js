'use strict'

const session = require('express-session')

// connect-mongo itself, of the three majors in use: `open(url, collection, options)` by name.

const CONNECT_MONGOS = {
  'connect-mongo 3.2.0': (url, collection, options) => new (require('connect-mongo-3')(session))({ url, collection, ...options }),
  'connect-mongo 5.1.0': (mongoUrl, collectionName, options) =>
    require('connect-mongo-5').create({ mongoUrl, collectionName, ...options }),
  'connect-mongo 6.0.0': (mongoUrl, collectionName, options) =>
    require('connect-mongo-6').MongoStore.create({ mongoUrl, collectionName, ...options })
}

module.exports = { CONNECT_MONGOS }
