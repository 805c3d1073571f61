'use strict'

// require('connect-mongo-native/migrate'): the function behind `npx connect-mongo-native migrate`.
module.exports = { migrate: require('./lib/migrate').migrate }
