const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { Strategy } = require('passport-local')
const MongoStore = require('connect-mongo-native')

// The session keeps nothing of the user but a name.
passport.serializeUser((user, done) => done(null, user.name))
passport.deserializeUser((name, done) => done(null, { name }))
passport.use(new Strategy((name, password, done) => done(null, password === 'secret' && { name })))

// With `conflicts`, a request that is under way during the logout does not bring the session back.
const store = MongoStore.create({
  mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app',
  conflicts: 'merge'
})

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))
app.use(passport.session())

app.get('/', (req, res) => res.send(req.user ? `Hello ${req.user.name}` : 'Log in'))

// Passport gives the session a new id, so that nobody can log in with one that was planted.
app.post('/login', passport.authenticate('local'), (req, res) => res.redirect(303, '/'))

app.post('/logout', (req, res, next) => {
  req.logout(error => error ? next(error) : res.redirect(303, '/'))
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
