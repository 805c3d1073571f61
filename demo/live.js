'use strict'

const STATS_EVERY_MS = 1000

/**
 * Tells all open pages what happens, by server-sent events: whether the store is connected, its figures, the
 * burst. A page that comes later is told the present state first.
 */
function createLive ({ store, mongodb }) {
  const pages = new Set()
  const state = { connection: { connected: null }, mongodb: mongodb.state }

  function connect (req, res) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    for (const [name, value] of Object.entries(state)) res.write(eventOf(name, value))
    pages.add(res)
    res.on('close', () => pages.delete(res))
  }

  function send (name, value) {
    if (name in state) state[name] = value
    for (const page of pages) page.write(eventOf(name, value))
  }

  store.on('connected', () => send('connection', { connected: true }))
  store.on('disconnected', () => send('connection', { connected: false }))
  mongodb.on('state', value => send('mongodb', value))

  const timer = setInterval(async () => {
    if (pages.size > 0) send('stats', await store.stats())
  }, STATS_EVERY_MS)

  function close () {
    clearInterval(timer)
    for (const page of pages) page.end()
  }

  return { connect, send, close }
}

function eventOf (name, value) {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`
}

module.exports = { createLive }
