// Compiled, never run: without `@types/express-session`, sessions are `any`, and the rest has its types.

import MongoStore = require('connect-mongo-native')
import sessionMongoose = require('connect-mongo-native/session-mongoose')

const session: any = require('express-session')

const store: MongoStore = MongoStore.create({ mongoUrl: 'mongodb://localhost/app' })
const legacy = new (MongoStore(session))({ url: 'mongodb://localhost/app' })
const theirs = new (sessionMongoose(session))({ url: 'mongodb://localhost/app' })
session({ secret: 'foo', resave: false, saveUninitialized: false, store })

store.get('sid', (error, found) => error === null && found.user)
legacy.get('sid').then(found => found.user)
theirs.destroy('sid').then(removed => removed.toFixed())
store.on('create', sid => sid.length)

// @ts-expect-error: not a string
MongoStore.create({ mongoUrl: 5 })

export {}
