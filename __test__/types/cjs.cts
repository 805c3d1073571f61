// Compiled, never run: what a CommonJS module in TypeScript may write.

import connectMongo = require('connect-mongo-native')
import session = require('express-session')

const MongoStore = connectMongo(session)
const legacy = new MongoStore({ url: 'mongodb://localhost/app', touchAfter: 24 * 3600, fallbackMemory: false })
const modern: connectMongo.MongoStore = connectMongo.create({ mongoUrl: 'mongodb://localhost/app' })
const same: connectMongo.MongoStore = new connectMongo.MongoStore({ mongoUrl: 'mongodb://localhost/app' })
const defaulted = new connectMongo.default({ mongoUrl: 'mongodb://localhost/app' })
const es5: typeof connectMongo = require('connect-mongo-native/es5')

export = [legacy, modern, same, defaulted, es5]
