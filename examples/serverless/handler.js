const express = require('express')
const session = require('express-session')
const serverless = require('serverless-http')
const MongoStore = require('connect-mongo-native')

// Made once, outside of the handler: the calls of a warm instance share it.
const store = MongoStore.create({
  mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app',
  autoRemove: 'disabled', // create the TTL index once, by hand: an instance may not live long enough
  operationTimeoutMS: 5000, // less than the function may take
  mongoOptions: { maxPoolSize: 5, serverSelectionTimeoutMS: 3000 }
})

const app = express()
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

exports.handler = serverless(app)
