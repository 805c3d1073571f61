'use strict'

// A second process of the app, as behind a load balancer: it has its own stores, and nothing in common with
// the first but the database and the secret.

const { fork } = require('node:child_process')
const { once } = require('node:events')
const express = require('express')
const { baskets } = require('./baskets')
const { errors } = require('./errors')
const { protection } = require('./protection')
const { createStores } = require('./stores')

/** Starts it. `routes()` pass requests on to it, with their cookies. */
function startSecondProcess () {
  const child = fork(__filename)
  const listening = Promise.race([
    once(child, 'message').then(([{ port }]) => port),
    once(child, 'exit').then(([code, signal]) => { throw new Error(`The second process ended: ${signal ?? code}.`) })
  ])
  listening.catch(error => console.error(error.message))

  function routes () {
    const router = express.Router()
    router.use(async (req, res) => {
      const response = await fetch(`http://127.0.0.1:${await listening}${req.url}`, {
        method: req.method,
        headers: { cookie: req.get('cookie') ?? '', accept: 'application/json' }
      })
      res.status(response.status).send(await response.text())
    })
    return router
  }

  return { routes, stop: () => child.connected && child.disconnect() }
}

function main () {
  const { MONGODB_URL, SESSION_SECRET } = process.env
  const stores = createStores(MONGODB_URL)
  const app = express()
  app.use(protection())
  app.use('/baskets', baskets({ stores, secret: SESSION_SECRET }))
  app.use(errors())
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

  // The first process decides when it ends. Signals of a terminal go to both.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
  process.once('disconnect', () => {
    server.close(() => Promise.all([stores.merged.close(), stores.overwritten.close()]))
    server.closeIdleConnections()
  })
}

if (require.main === module) main()

module.exports = { startSecondProcess }
