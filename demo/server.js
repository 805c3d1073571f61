'use strict'

// The demo's web server. `npm start` starts it, with a MongoDB of its own; or start it yourself:
// MONGODB_URL=mongodb://localhost SESSION_SECRET=… node demo/server.js

const { createApp } = require('./app')
const { createBurst } = require('./burst')
const { createLive } = require('./live')
const { createMongoDB } = require('./mongodb')
const { startSecondProcess } = require('./second-process')
const { createStores } = require('./stores')

const { MONGODB_URL, SESSION_SECRET, PORT = 3000 } = process.env

const stores = createStores(MONGODB_URL)
const mongodb = createMongoDB()
const live = createLive({ store: stores.merged, mongodb })
const burst = createBurst({ url: MONGODB_URL, onEvent: live.send })
const secondProcess = startSecondProcess()

const app = createApp({ stores, secret: SESSION_SECRET, live, mongodb, burst, secondProcess })

const server = app.listen(PORT, '127.0.0.1', error => {
  if (error) throw error
  console.log(`The demo is at http://127.0.0.1:${server.address().port}/ (Ctrl-C ends it)`)
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, shutDown)
// The process that owns MongoDB is gone, and MongoDB with it.
process.once('disconnect', shutDown)

let ending = false

/** Requests end first, since they save their sessions; then the stores finish what they were asked. */
function shutDown () {
  if (ending) return
  ending = true
  live.close()
  burst.stop()
  secondProcess.stop()
  mongodb.release()
  server.close(() => Promise.all([stores.merged.close(), stores.overwritten.close()]))
  // No request of the demo takes as long. A browser may hold a connection on which it never asks.
  setTimeout(() => server.closeAllConnections(), 3000).unref()
}
