'use strict'

// Express 5 with express-session on one store: what the load generator sends its requests to.

const express = require('express')
const session = require('express-session')
const { processMicros, threadMicros } = require('../meter')
const { DAY_MS, sessionData } = require('../sessions')
const { openStore } = require('../stores')

const { store: name, urls, before } = JSON.parse(process.argv[2])

run()

async function run () {
  const { store, close } = name === 'none' ? { close: async () => {} } : await openStore(name, urls, before)
  const server = serve(store).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('message', () => {
    server.close(async () => {
      await close()
      process.disconnect()
    })
    server.closeAllConnections()
  })
}

function serve (store) {
  const app = express()
  app.get('/cpu', (req, res) => res.json({ threadMicros: threadMicros(), processMicros: processMicros() }))
  if (store) {
    const options = { secret: 'benchmark', resave: false, saveUninitialized: false, cookie: { maxAge: DAY_MS } }
    app.use(session({ ...options, store }))
  } else {
    app.use((req, res, next) => {
      req.session = sessionData(0)
      next()
    })
  }

  app.get('/login/:index', (req, res) => {
    Object.assign(req.session, sessionData(Number(req.params.index)))
    res.end()
  })
  app.get('/read', (req, res) => {
    if (!req.session.user) return res.status(401).end()
    res.send(req.session.user.name)
  })
  app.get('/change', (req, res) => {
    if (!req.session.user) return res.status(401).end()
    req.session.visits += 1
    res.send(req.session.user.name)
  })
  return app
}
