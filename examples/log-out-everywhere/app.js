const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')

// By `fields` the sessions of a user are found. With `conflicts`, a request that is under way in one of them
// does not bring it back.
const store = MongoStore.create({
  mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app',
  fields: { user: session => session.user },
  conflicts: 'merge'
})

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  res.type('text').send(req.session.user ? `Hello ${req.session.user}` : 'Log in')
})

// Whoever asks is let in: checking passwords is not what this shows. A login gives the session a new id, so
// that nobody can log in with one that was planted.
app.post('/login', (req, res, next) => {
  const user = req.body?.user
  if (typeof user !== 'string') return res.sendStatus(400)
  req.session.regenerate(error => {
    if (error) return next(error)
    req.session.user = user
    req.session.browser = req.headers['user-agent']
    res.redirect(303, '/')
  })
})

const isLoggedIn = (req, res, next) => req.session.user ? next() : res.sendStatus(401)

app.get('/devices', isLoggedIn, async (req, res) => {
  const entries = await store.entriesWhere({ user: req.session.user })
  res.json(entries.map(({ id, session }) => ({ browser: session.browser, isThisOne: id === req.sessionID })))
})

app.post('/log-out-elsewhere', isLoggedIn, async (req, res) => {
  const ended = await store.destroyWhere({ user: req.session.user }, { except: req.sessionID })
  res.send(`Logged out of ${ended} other devices`)
})

app.post('/log-out-everywhere', isLoggedIn, async (req, res) => {
  await store.destroyWhere({ user: req.session.user })
  res.redirect(303, '/')
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
