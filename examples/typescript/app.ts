import express from 'express'
import session from 'express-session'
import MongoStore from 'connect-mongo-native'

declare module 'express-session' {
  interface SessionData {
    visits: number
  }
}

const store = MongoStore.create<session.SessionData>({
  mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app'
})
store.on('create', (sid: string) => console.log(`a new session: ${sid.slice(0, 6)}…`))

const app = express()
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
