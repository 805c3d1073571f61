const express = require('express')
const session = require('express-session')
const { register } = require('prom-client')
const MongoStore = require('connect-mongo-native')
const { measure } = require('./metrics')

const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })
measure(store)

const app = express()

// Before the session middleware, so that a scrape makes no session.
app.get('/metrics', async (req, res) => {
  res.type(register.contentType).send(await register.metrics())
})

app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
