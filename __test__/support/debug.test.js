'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { test } = require('node:test')

const { wanted } = require('../../lib/support/debug')

test('DEBUG is read as the debug package reads it', () => {
  for (const patterns of ['connect-mongo', '*', 'express:*,connect-mongo', 'a connect-mongo', 'connect*', '*mongo']) {
    assert.equal(wanted(patterns, 'connect-mongo'), true, patterns)
  }
  for (const patterns of ['', 'connect', 'connect-mongo:x', 'express', '*,-connect-mongo', '-connect*,*', 'connect.mongo']) {
    assert.equal(wanted(patterns, 'connect-mongo'), false, patterns)
  }
})

test('a debug line is like those of connect-mongo 4+, with the id cut short', () => {
  const script = `
    const debug = require('./lib/support/debug')
    const { shortId } = require('./lib/session/ids')
    if (debug.enabled) debug.line('get', shortId('0123456789'))
    if (debug.enabled) debug.line('length')`
  const run = DEBUG => spawnSync(process.execPath, ['-e', script], {
    cwd: `${__dirname}/../..`, encoding: 'utf8', env: { ...process.env, DEBUG }
  })
  const lines = run('connect-mongo').stderr.trimEnd().split('\n')
  assert.match(lines[0], /^\d{4}-\S+Z connect-mongo MongoStore#get=012345…$/)
  assert.match(lines[1], /connect-mongo MongoStore#length\(\)$/)
  assert.equal(run('').stderr, '')
})
