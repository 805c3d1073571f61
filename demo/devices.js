'use strict'

const express = require('express')
const { requireUser } = require('./account')

const OTHERS = ['Phone', 'Tablet', 'Laptop at work']

/** Where a user is logged in, and logging out everywhere but here. */
function devices ({ store }) {
  const router = express.Router()
  router.use(requireUser)

  router.get('/', async (req, res) => {
    const list = []
    for await (const { id, session } of sessionsOf(req.session.user)) {
      list.push({ device: session.device, since: session.since, here: id === req.sessionID })
    }
    list.sort((a, b) => b.here - a.here || a.since - b.since)
    res.json(list)
  })

  /**
   * So that there is something to see on one machine: real logins, by requests as other devices send them.
   */
  router.post('/', async (req, res) => {
    const { localPort } = req.socket
    const logins = OTHERS.map(device => fetch(`http://127.0.0.1:${localPort}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'user-agent': device },
      body: new URLSearchParams({ user: req.session.user })
    }))
    const replies = await Promise.all(logins)
    res.sendStatus(replies.every(({ status }) => status === 303) ? 204 : 503)
  })

  router.delete('/', async (req, res) => {
    let count = 0
    for await (const { id } of sessionsOf(req.session.user)) {
      if (id === req.sessionID) continue
      await store.destroy(id)
      count += 1
    }
    res.json({ count })
  })

  /** It reads all sessions, a page at a time. */
  async function* sessionsOf (user) {
    for await (const entry of store.entries()) {
      if (entry.session.user === user) yield entry
    }
  }

  return router
}

module.exports = { devices }
