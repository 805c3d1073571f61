'use strict'

const { randomInt } = require('node:crypto')
const { setTimeout: sleep } = require('node:timers/promises')
const express = require('express')
const { requireUser } = require('./account')
const { save, sessions } = require('./sessions')

/** Who put it there, and a number: `a` and `b` are windows, `p` is the second process. */
const ITEM = /^[abp]\d{1,3}$/

/** How long a request takes that asks a price or a stock, in milliseconds. Meanwhile others come. */
const WORK_MS = { min: 2, max: 15 }

/** The same basket twice: in a session that is merged, and in one of which the last save wins. */
function baskets ({ stores, secret }) {
  const router = express.Router()
  router.use('/merged', sessions({ store: stores.merged, secret, name: 'demo' }), requireUser, basket())
  router.use('/overwritten', sessions({ store: stores.overwritten, secret, name: 'demo-overwritten' }), basket())
  return router
}

/** Nothing here knows of conflicts: this is how apps have been written for express-session all along. */
function basket () {
  const router = express.Router()

  router.get('/', (req, res) => {
    res.json(Object.keys(req.session.basket ?? {}))
  })

  router.delete('/', async (req, res) => {
    req.session.basket = {}
    await save(req)
    res.sendStatus(204)
  })

  router.put('/:item', async (req, res) => {
    const { item } = req.params
    if (!ITEM.test(item)) return res.status(400).json({ error: 'An item is a letter and a number, as a1.' })
    await sleep(randomInt(WORK_MS.min, WORK_MS.max))
    req.session.basket ??= {}
    req.session.basket[item] = Date.now()
    await save(req)
    res.sendStatus(204)
  })

  return router
}

module.exports = { baskets }
