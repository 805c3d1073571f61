'use strict'

// An app on one framework, in a process of its own: Express 2 and 3 and Connect 1 and 2 change the classes of
// node:http for everybody. Arguments: the framework, and the way in which its store is made. Sends its parent
// the port.

const http = require('node:http')
const { MongoClient } = require('mongodb')

const MongoStore = require('connect-mongo-native')
const sessionMongoose = require('connect-mongo-native/session-mongoose')
const { requirePeer } = require('../helpers/peers')
const { DATABASE, testUrl } = require('../helpers/stores')

const SECRET = 'keyboard cat'

const WAYS = {
  url: connect => new (MongoStore(connect))({ url: testUrl(), collection: 'frameworks' }),
  connection: connect => {
    const db = new MongoClient(testUrl()).db(DATABASE)
    return new (MongoStore(connect))({ db, collection: 'frameworks' })
  },
  outage: connect => new (MongoStore(connect))({
    url: process.env.OUTAGE_URL, autoRemove: 'disabled', onOutage: 'skip', outageAfterMS: 500
  }),
  'session-mongoose': connect => {
    return new (sessionMongoose(connect))({ url: testUrl(), collection: 'frameworks-session-mongoose' })
  }
}
const makeStore = WAYS[process.argv[3]]

/** Each as its users wrote it: what the package is called with, and the app with the store. */
const FRAMEWORKS = {
  'Express 2.5': () => bundled(requirePeer('express-2'), express => express.createServer()),
  'Express 3': () => bundled(requirePeer('express-3'), express => express()),
  'Connect 1.9': () => bundled(requirePeer('connect-1'), connect => connect()),
  'Connect 2.30': () => bundled(requirePeer('connect-2'), connect => connect()),
  'Connect 3.7': () => separate(requirePeer('connect-3')),
  'Express 4': () => separate(require('express-4')),
  'Express 5': () => separate(require('express'))
}

function bundled (framework, create) {
  const store = makeStore(framework)
  const app = create(framework)
  app.use(framework.cookieParser(SECRET))
  app.use(framework.session({ secret: SECRET, store }))
  return app
}

function separate (framework) {
  const session = require('express-session')
  // session-mongoose was given the framework even so.
  const store = makeStore(makeStore === WAYS['session-mongoose'] ? framework : session)
  const app = framework()
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, store }))
  return app
}

const app = FRAMEWORKS[process.argv[2]]()
app.use((req, res) => {
  if (!req.session) return res.end('no session')
  req.session.visits = (req.session.visits ?? 0) + 1
  res.end(String(req.session.visits))
})
// Express 2's app and Connect 1's are servers themselves.
const server = app instanceof http.Server ? app : http.createServer(app)
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
