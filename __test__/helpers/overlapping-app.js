'use strict'

// An Express app in a process of its own, whose requests take their time between loading a session and saving
// it. `EXPRESS` names the package, `STORE` the module of the store, `OPTIONS` its options as JSON.
//
// GET /start      begins a session
// GET /add/:name  adds a property, after a while
// GET /login      logs in under a new session id, and keeps what the old session had
// GET /logout     ends the session
// GET /passport/login, /passport/logout   the same by Passport, which gives the session a new id both times
// GET /show       the names of the session's properties

const { setTimeout: sleep } = require('node:timers/promises')
const passport = require('passport')
const session = require('express-session')

const express = require(process.env.EXPRESS)

const exported = require(process.env.STORE)
const MongoStore = exported.MongoStore ?? exported.default ?? exported
const store = MongoStore.create({ mongoUrl: process.env.TEST_URL, ...JSON.parse(process.env.OPTIONS) })

/** Longest that a request takes between loading and saving, in milliseconds. */
const WORK_MS = 8

const app = express()
app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, store }))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))
app.use(passport.session())
app.get('/start', (req, res) => {
  req.session.started = true
  res.end()
})
app.get('/add/:name', async (req, res) => {
  await sleep(Math.random() * WORK_MS)
  req.session[req.params.name] = true
  res.end()
})
app.get('/login', (req, res, next) => {
  req.session.regenerate(error => {
    if (error) return next(error)
    req.session.user = 'somebody'
    res.end()
  })
})
app.get('/logout', (req, res, next) => req.session.destroy(error => error ? next(error) : res.end()))
app.get('/passport/login', (req, res, next) => req.login('somebody', error => error ? next(error) : res.end()))
app.get('/passport/logout', (req, res, next) => req.logout(error => error ? next(error) : res.end()))
app.get('/show', (req, res) => {
  const { cookie, ...properties } = req.session
  res.json(Object.keys(properties))
})

const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
