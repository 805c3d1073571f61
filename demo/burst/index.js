'use strict'

// The same burst of requests at two stores, one after the other: an app process for each, and one that sends.

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const express = require('express')

const REQUESTS = 5000
const VISITORS = 128
const STORES = ['connect-mongo-native', 'connect-mongo 6']

/**
 * `routes()` start it. `onEvent(name, value)` is told of `burst`, whose `is` is 'starting' (a store's
 * turn), 'sample' (some ten in a second), 'result' (a store's), 'done' or 'failed'.
 */
function createBurst ({ url, onEvent }) {
  const children = new Set()
  let running = false

  function start (file, args) {
    const child = fork(path.join(__dirname, file), [JSON.stringify(args)])
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  /** One store's turn. */
  async function measure (store) {
    onEvent('burst', { is: 'starting', store, requests: REQUESTS })
    const app = start('app.js', { store, url })
    try {
      const port = await told(app, 'port')
      const load = start('load.js', { port, requests: REQUESTS, visitors: VISITORS })
      app.on('message', ({ sample }) => sample && onEvent('burst', { is: 'sample', store, ...sample }))
      const result = await told(load, 'result')
      onEvent('burst', { is: 'result', store, requests: REQUESTS, ...result })
    } finally {
      for (const child of children) child.kill()
    }
  }

  async function run () {
    running = true
    try {
      for (const store of STORES) await measure(store)
      onEvent('burst', { is: 'done' })
    } catch (error) {
      onEvent('burst', { is: 'failed', error: error.message })
    } finally {
      running = false
    }
  }

  function routes () {
    const router = express.Router()
    router.post('/', (req, res) => {
      if (running) return res.status(409).json({ error: 'A burst is under way.' })
      run()
      res.sendStatus(202)
    })
    return router
  }

  return { routes, stop: () => children.forEach(child => child.kill()) }
}

/** What a child says under a name. It fails with what the child says has failed, or if it ends first. */
async function told (child, name) {
  const end = once(child, 'exit').then(() => { throw new Error('The burst was cut short.') })
  end.catch(() => {})
  for (;;) {
    const [message] = await Promise.race([once(child, 'message'), end])
    if (message.error) throw new Error(message.error)
    if (message[name]) return message[name]
  }
}

module.exports = { createBurst }
