'use strict'

const { createKrupteinAdapter, createWebCryptoAdapter } = require('./lib/crypto/adapters')
const { MongoStore } = require('./lib/factory')

// One value that answers to every way in which connect-mongo has been imported. Assigned one by one, so that
// Node.js finds the names for `import { MongoStore } from 'connect-mongo-native'`.
module.exports = MongoStore
module.exports.MongoStore = MongoStore
module.exports.default = MongoStore
module.exports.create = MongoStore.create
module.exports.createKrupteinAdapter = createKrupteinAdapter
module.exports.createWebCryptoAdapter = createWebCryptoAdapter
Object.defineProperty(module.exports, '__esModule', { value: true })
