'use strict'

const express = require('express')
const { requireUser } = require('./account')

const OTHERS = ['Phone', 'Tablet', 'Laptop at work']

/** Where a user is logged in, and logging out everywhere but here. */
function devices ({ store }) {
  const router = express.Router()
  router.use(requireUser)

  router.get('/', async (req, res) => {
    const entries = await store.entriesWhere({ user: req.session.user })
    const list = entries.map(({ id, session: { device, since } }) => ({ device, since, here: id === req.sessionID }))
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
    res.json({ count: await store.destroyWhere({ user: req.session.user }, { except: req.sessionID }) })
  })

  return router
}

module.exports = { devices }
