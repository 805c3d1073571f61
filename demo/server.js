'use strict'

const express = require('express')
const session = require('express-session')
const { MongoStore } = require('connect-mongo-native')
const { page } = require('./page')

const { MONGODB_URL, SESSION_SECRET, PORT = 3000 } = process.env

const store = MongoStore.create({ mongoUrl: MONGODB_URL, dbName: 'connect-mongo-demo' })
store.on('error', error => console.error(error.message))

const app = express()

// Before the session middleware: to read the figures is no use of the store.
app.get('/figures', async (req, res) => {
  res.json(await store.stats())
})

app.use(session({
  secret: SESSION_SECRET,
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 24 * 60 * 60 * 1000, sameSite: 'lax' }, // one day, in milliseconds
  store
}))

app.get('/', (req, res) => {
  if (req.session.user) req.session.visits += 1
  res.send(page(req.session))
})

app.post('/login', express.urlencoded(), (req, res, next) => {
  // A fresh id at every login, so that nobody can plant one.
  req.session.regenerate(error => {
    if (error) return next(error)
    req.session.user = String(req.body.user || 'somebody').slice(0, 40)
    req.session.visits = 0
    res.redirect(303, '/')
  })
})

app.post('/logout', (req, res, next) => {
  req.session.destroy(error => {
    if (error) return next(error)
    res.redirect(303, '/')
  })
})

const server = app.listen(PORT, '127.0.0.1', error => {
  if (error) throw error
  console.log(`The demo is at http://127.0.0.1:${server.address().port}/ (Ctrl-C ends it)`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => server.close(() => store.close()))
}
