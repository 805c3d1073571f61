'use strict'

// A process of the burst: an app that counts the visits of its visitors in their sessions, so that each
// request is a `get` and a `set`. It measures itself.

const express = require('express')
const session = require('express-session')
const { loopClock } = require('./loop-clock')
const { percentile } = require('./percentile')
const { open } = require('./stores')

const SAMPLE_EVERY_MS = 100

const { store: name, url } = JSON.parse(process.argv[2])

const longestDelay = loopClock()
const { store, figures } = open(name, url)
let latencies = []
let began

const app = express()
app.disable('x-powered-by').disable('etag')

// Before the session's middleware, so that latencies hold what the store takes.
app.use('/visit', (req, res, next) => {
  const start = performance.now()
  res.once('finish', () => latencies.push(performance.now() - start))
  next()
})
app.post('/begin', async (req, res) => {
  latencies = []
  longestDelay()
  began = { at: performance.now(), ...await figures() }
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  server.once('close', () => clearInterval(timer))
  res.end()
})
app.post('/end', async (req, res) => {
  await sample()
  res.json(await since(began))
})
app.use(session({ secret: 'of the burst alone', resave: false, saveUninitialized: false, store }))
app.get('/visit', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.once('disconnect', () => process.exit())

/** How far it has come, and how it went since the last sample. */
async function sample () {
  const own = latencies
  latencies = []
  const delayMS = longestDelay()
  const progress = await since(began)
  process.send({ sample: { ...progress, requests: own.length, latencyMS: percentile(own, 0.95), delayMS } })
}

async function since ({ at, operations, commands }) {
  const now = await figures()
  return {
    seconds: (performance.now() - at) / 1000,
    operations: now.operations - operations,
    commands: now.commands - commands
  }
}
