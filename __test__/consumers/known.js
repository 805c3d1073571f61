'use strict'

// What a reader of the table should know, by the row's name.

/** Why it does not work. A row that is not named here must. */
const fails = {}

/** What is behind a row that works. */
const notes = {
  'Node.js 18.20.8': 'with mongodb 6.22.0; not supported: `engines` says 20',
  'Jest 26.6.3': 'with mongodb 4.17.2: later drivers need globals that its tests lack',
  'Jest 27.5.1': 'with mongodb 4.17.2: later drivers need globals that its tests lack',
  'Jest 30.5.2': 'with mongodb 6.22.0: mongodb 7.9.0 does not connect in its tests, with or without this package'
}

module.exports = { fails, notes }
