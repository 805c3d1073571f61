'use strict'

const express = require('express')
const { destroy, regenerate, save } = require('./sessions')

const NAME_LENGTH = 40

/** Logging in and out, and who is logged in. */
function account () {
  const router = express.Router()

  router.post('/login', express.urlencoded(), async (req, res) => {
    const user = String(req.body?.user ?? '').trim().slice(0, NAME_LENGTH)
    if (user === '') return res.redirect(303, '/')
    await regenerate(req)
    Object.assign(req.session, { user, visits: 0, device: deviceOf(req.get('user-agent')), since: Date.now() })
    await save(req) // the next page asks for it
    res.redirect(303, '/')
  })

  router.post('/logout', async (req, res) => {
    await destroy(req)
    res.redirect(303, '/')
  })

  router.get('/account', requireUser, (req, res) => {
    const { user, visits } = req.session
    // The whole id is as good as a password.
    res.json({ user, visits, id: `${req.sessionID.slice(0, 6)}…`, process: process.pid })
  })

  return router
}

/** A name for where a request comes from, as far as it says so. */
function deviceOf (userAgent = 'Unknown device') {
  const system = /iPhone|iPad|Android|Windows|Mac OS|Linux/.exec(userAgent)?.[0]
  return system ? `Browser on ${system}` : userAgent.slice(0, NAME_LENGTH)
}

function requireUser (req, res, next) {
  if (req.session.user) return next()
  res.status(401).json({ error: 'You are not logged in.' })
}

module.exports = { account, requireUser }
