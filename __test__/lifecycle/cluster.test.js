'use strict'

// Processes of Node's cluster: each has a core of its own, and the end of one is nothing to the others.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { test } = require('node:test')
const { promisify } = require('node:util')

const { isLong } = require('../helpers/long')
const { testUrl } = require('../helpers/stores')

const ROUNDS = isLong ? 100 : 3

test('busy workers are killed, terminated, disconnected and told to exit', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, 'cluster-app.js'), ROUNDS], {
    env: { ...process.env, TEST_URL: testUrl() }, timeout: ROUNDS * 20_000
  })
  assert.equal(stdout.trim(), 'all rounds')
})
