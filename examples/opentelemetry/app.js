const { stopTracing } = require('./tracing') // before anything that is traced
const { trace } = require('@opentelemetry/api')
const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })

const app = express()
// In place of @opentelemetry/instrumentation-http.
app.use((req, res, next) => {
  trace.getTracer('app').startActiveSpan(`${req.method} ${req.path}`, span => {
    res.once('finish', () => span.end())
    next()
  })
})
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(async () => {
  await store.close()
  await stopTracing()
}))
