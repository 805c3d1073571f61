import { once } from 'node:events'
import express from 'express'
import session from 'express-session'
import MongoStore from 'connect-mongo-native'

const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })

const app = express()
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.send(`Visit ${req.session.visits}`)
})

const server = app.listen(process.env.PORT ?? 3000)
await once(process, 'SIGTERM')
server.close(() => store.close())
