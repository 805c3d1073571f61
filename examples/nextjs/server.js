const { createServer } = require('node:http')
const next = require('next')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })
const withSession = session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store })

const app = next({ dev: process.env.NODE_ENV === 'development' })

app.prepare().then(() => {
  const handle = app.getRequestHandler()
  const server = createServer((req, res) => {
    // Next's own files need no session. Pages that are navigated to come from /_next/data/, and have it.
    if (/^\/_next\/(static|image)/.test(req.url)) return handle(req, res)
    withSession(req, res, error => {
      if (!error) return handle(req, res)
      res.statusCode = 503
      res.end('Please try again in a moment')
    })
  })
  server.listen(process.env.PORT ?? 3000)
  process.once('SIGTERM', () => server.close(async () => {
    await app.close()
    await store.close()
  }))
})
