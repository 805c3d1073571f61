'use strict'

const { warn } = require('../../support/warnings')
const { OneByOne } = require('./one-by-one')
const { Scheduler } = require('./scheduler')

// Who decides when the commands of a borrowed connection leave: the addon's scheduler, or where the addon
// cannot be loaded, nobody.

function openScheduler (options) {
  const binding = addon()
  return binding === null ? new OneByOne(options) : new Scheduler(binding, options)
}

function addon () {
  try {
    return require('../native/binding')
  } catch (error) {
    warn('CONNECT_MONGO_NO_ADDON', 'operations on this connection go out one by one, since the native addon, which ' +
      `groups them, could not be loaded: ${error.message}`)
    return null
  }
}

module.exports = { openScheduler }
