// Compiled, never run: what a CommonJS module in TypeScript may write.

import connectMongo = require('connect-mongo-native')
import session = require('express-session')

const MongoStore = connectMongo(session)
const legacy = new MongoStore({ url: 'mongodb://localhost/app', touchAfter: 24 * 3600, fallbackMemory: false })
const modern: connectMongo.MongoStore = connectMongo.create({ mongoUrl: 'mongodb://localhost/app' })
const same: connectMongo.MongoStore = new connectMongo.MongoStore({ mongoUrl: 'mongodb://localhost/app' })
const defaulted = new connectMongo.default({ mongoUrl: 'mongodb://localhost/app' })
const es5: typeof connectMongo = require('connect-mongo-native/es5')


import sessionMongoose = require('connect-mongo-native/session-mongoose')
import { migrate } from 'connect-mongo-native/migrate'
const SessionStore = sessionMongoose(session)
const theirs = new SessionStore({ url: 'mongodb://localhost/session', interval: 120_000, ttl: 3600 })
const direct: sessionMongoose.Store = new sessionMongoose({ url: 'mongodb://localhost/session' })
const built: typeof connectMongo = require('connect-mongo-native/build/main')
const removed: Promise<number> = theirs.destroy('sid')
const byOptions: sessionMongoose.Store = new MongoStore({ modelName: 'Foobar' })
session({ secret: 'foo', store: theirs })
const moved: Promise<number> = migrate({ url: 'mongodb://localhost/app', dryRun: true }).then(({ moved }) => moved)

export = [built, direct, legacy, modern, same, defaulted, es5, removed, byOptions, moved]
