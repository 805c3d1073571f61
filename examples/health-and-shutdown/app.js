const { setTimeout: sleep } = require('node:timers/promises')
const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })

const app = express()
let isStopping = false

// Before the session middleware, so that they make no session. Liveness asks no server: a restart of the app
// does not bring the database back.
app.get('/live', (req, res) => res.send('alive'))
app.get('/ready', async (req, res) => {
  const answer = store.ping().then(() => 'ready', error => error.name)
  const state = isStopping ? 'stopping' : await Promise.race([answer, sleep(2000, 'no answer within 2 s', { ref: false })])
  res.status(state === 'ready' ? 200 : 503).send(state)
})

app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT ?? 3000)

// 1. The load balancer sees that the app is not ready, and sends no more. 2. The requests end, which save
// their sessions. 3. The store finishes what it was given, and disconnects. Then the process ends by itself.
process.once('SIGTERM', async () => {
  isStopping = true
  await sleep(Number(process.env.DRAIN_MS ?? 5000))
  server.close(() => store.close())
  server.closeIdleConnections()
})
