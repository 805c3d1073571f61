const express = require('express')
const session = require('express-session')
const { MongoClient } = require('mongodb')
const MongoStore = require('connect-mongo-native')

const client = new MongoClient(process.env.MONGODB_URL ?? 'mongodb://localhost/test-app')
const seats = client.db().collection('seats')

// A seat is held as long as its session lives, which is this long after the last request. The store looks
// every minute.
const store = MongoStore.create({
  client,
  ttl: Number(process.env.HOLD_SECONDS ?? 10 * 60),
  autoRemove: 'interval',
  autoRemoveInterval: Number(process.env.SWEEP_MINUTES ?? 1)
})

// However many processes listen, one of them hears of a session, after its removal.
store.on('expire', async (id, session) => {
  try {
    const { deletedCount } = await seats.deleteMany({ session: id })
    if (deletedCount > 0) console.log(`${session?.name} has lost ${deletedCount} seats`)
  } catch (error) {
    console.error('Seats stay taken:', error.message)
  }
})

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SECRET ?? 'foo', resave: false, saveUninitialized: false, store }))

app.get('/', async (req, res) => {
  const taken = await seats.find().sort({ _id: 1 }).toArray()
  res.type('text').send(`Taken: ${taken.map(({ _id }) => _id).join(', ') || 'none'}`)
})

app.post('/seats/:seat', async (req, res) => {
  req.session.name = String(req.body?.name)
  try {
    await seats.insertOne({ _id: req.params.seat, session: req.sessionID })
    res.type('text').send(`Seat ${req.params.seat} is yours`)
  } catch (error) {
    if (error.code !== 11000) throw error
    res.status(409).type('text').send(`Seat ${req.params.seat} is taken`)
  }
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => {
  server.close(async () => {
    await store.close()
    await client.close()
  })
})
