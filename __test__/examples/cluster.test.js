'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

const PATIENCE_MS = 30_000

describeExample('cluster', example => {
  test('each worker finds the session that another has stored', async () => {
    const app = await example.start()
    const browser = app.browser()
    const workers = new Set()
    // A worker may take its time to listen.
    for (let n = 1, end = Date.now() + PATIENCE_MS; n <= 20 || (workers.size < 2 && Date.now() < end); n++) {
      // A connection of its own for each request: the primary gives connections to the workers in turn.
      const { text, headers } = await browser.visit('/', { headers: { connection: 'close' } })
      assert.equal(text, `Visit ${n}`)
      workers.add(headers.get('x-worker'))
    }
    assert.ok(workers.size >= 2, [...workers].join())
    assert.equal(await app.stop(), 0, app.output)
  })
})
