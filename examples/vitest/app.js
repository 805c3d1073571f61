const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

/** In a function, so that each test file has an app, a store and a database of its own. */
function createApp (mongoUrl) {
  const store = MongoStore.create({ mongoUrl })
  const app = express()
  app.use(session({ secret: 'foo', resave: false, saveUninitialized: false, store }))
  app.get('/', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    res.send(`Visit ${req.session.visits}`)
  })
  return { app, store }
}

module.exports = { createApp }
