'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./run')

/**
 * The test files of `npm test`, relative to the clone. What is beside the peers has a run of its own.
 * `sharedServerOnly`: without those that start servers of their own.
 */
function testFiles ({ sharedServerOnly = false } = {}) {
  return fs.readdirSync(path.join(root, '__test__'), { recursive: true })
    .filter(name => name.endsWith('.test.js') && !name.startsWith(`peers${path.sep}`))
    .map(name => path.join('__test__', name))
    .filter(name => !(sharedServerOnly && startsServers(path.join(root, name))))
    .sort()
}

/** What starts them: helpers of the tests and of the scripts, the demo, or a fault. */
const STARTERS = /\b(start(Standalone|(Separate)?ReplicaSet|Demo)|create(Standalone|ReplicaSet))\b|old-server|\/faults\//

/** Whether a test starts servers. */
function startsServers (file) {
  return STARTERS.test(`${file}\n${fs.readFileSync(file, 'utf8')}`)
}

module.exports = { testFiles }
