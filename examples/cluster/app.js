const cluster = require('node:cluster')
const { availableParallelism } = require('node:os')
const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

if (cluster.isPrimary) startWorkers()
else serve()

function startWorkers () {
  for (let n = 0; n < Math.max(2, availableParallelism()); n++) cluster.fork()
  cluster.on('exit', worker => {
    if (!worker.exitedAfterDisconnect) cluster.fork() // it has crashed
  })
  process.once('SIGTERM', () => cluster.disconnect())
}

function serve () {
  // Each process has its own I/O thread and connections: mind the sum of `maxPoolSize`.
  const store = MongoStore.create({
    mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app',
    mongoOptions: { maxPoolSize: 10 }
  })
  const app = express()
  app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

  app.get('/', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    res.set('x-worker', cluster.worker.id).send(`Visit ${req.session.visits}`)
  })

  app.listen(process.env.PORT ?? 3000)
  // The primary has asked to, and the last request has ended.
  process.once('disconnect', () => store.close())
  process.on('SIGTERM', () => {}) // which a terminal or a container sends to all: the primary decides
}
