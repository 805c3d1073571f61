const { createServer } = require('node:http')
const express = require('express')
const session = require('express-session')
const { Server } = require('socket.io')
const MongoStore = require('connect-mongo-native')

// With `conflicts`, a request and a socket that save at once lose nothing of each other.
const store = MongoStore.create({
  mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app',
  conflicts: 'merge'
})
const middleware = session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store })

const app = express()
app.use(middleware)
app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}, ${req.session.messages ?? 0} messages`)
})

const server = createServer(app)
const io = new Server(server)
io.engine.use(middleware) // a socket's first request has the cookie of the page

io.on('connection', socket => {
  const { request } = socket
  socket.on('message', (text, reply) => {
    if (typeof reply !== 'function') return
    // The session as it is now: the socket may be hours old.
    request.session.reload(error => {
      if (error) return socket.disconnect() // logged out
      request.session.messages = (request.session.messages ?? 0) + 1
      request.session.save(error => reply(error ? 'not saved' : `${text} (${request.session.messages})`))
    })
  })
})

server.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => io.close(() => store.close())) // closes the server, too
