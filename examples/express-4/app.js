const express = require('express')
const session = require('express-session')
const MongoStore = require('connect-mongo-native')(session)

const store = new MongoStore({ url: process.env.MONGODB_URL || 'mongodb://localhost/test-app' })

const app = express()
app.use(session({ secret: process.env.SECRET || 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits || 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT || 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
