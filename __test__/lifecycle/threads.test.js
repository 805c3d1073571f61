'use strict'

// Worker threads that end at any moment: terminated, or without closing their stores. Nothing of them is left
// that the process would notice.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { describe, test } = require('node:test')
const { promisify } = require('node:util')

const { isLong } = require('../helpers/long')
const { testUrl } = require('../helpers/stores')

const WORKERS = isLong ? 200 : 12

for (const backend of ['core', 'client']) {
  describe(backend, () => {
    for (const end of ['terminate', 'exit', 'return', 'throw']) {
      test(`${WORKERS} workers: ${end}`, async () => {
        const args = [path.join(__dirname, 'threads-app.js'), WORKERS, end, backend]
        const { stdout } = await promisify(execFile)(process.execPath, args, {
          env: { ...process.env, TEST_URL: testUrl() }, timeout: 60_000 + WORKERS * 2000
        })
        assert.equal(stdout.trim(), 'whole')
      })
    }
  })
}
