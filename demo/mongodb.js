'use strict'

const { EventEmitter } = require('node:events')
const express = require('express')

/**
 * The MongoDB of the demo. It belongs to the process that has started this one (scripts/demo.js) and outlives
 * this one; they speak over the channel between them. Without such an owner, MongoDB is left alone.
 *
 * `state.is`: 'foreign', 'running', 'stopping', 'stopped' or 'starting'; `state.error`: what went wrong last.
 */
function createMongoDB () {
  const mongodb = new EventEmitter()
  mongodb.state = { is: 'foreign' }

  process.on('message', ({ mongodb: state }) => {
    mongodb.state = state
    mongodb.emit('state', state)
  })

  mongodb.routes = () => {
    const router = express.Router()
    router.post('/:action', (req, res) => {
      const { action } = req.params
      if (!['stop', 'start'].includes(action)) return res.sendStatus(404)
      if (mongodb.state.is === 'foreign') return res.status(409).json({ error: 'This MongoDB is not the demo’s own.' })
      process.send({ mongodb: action })
      res.sendStatus(202)
    })
    return router
  }

  /** Until then the channel keeps this process alive. */
  mongodb.release = () => {
    if (process.connected) process.disconnect()
  }

  return mongodb
}

module.exports = { createMongoDB }
