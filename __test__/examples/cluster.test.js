'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

describeExample('cluster', example => {
  test('each worker finds the session that another has stored', async () => {
    const app = await example.start()
    const browser = app.browser()
    const workers = new Set()
    for (let n = 1; n <= 20; n++) {
      // A connection of its own for each request: the primary gives connections to the workers in turn.
      const { text, headers } = await browser.visit('/', { headers: { connection: 'close' } })
      assert.equal(text, `Visit ${n}`)
      workers.add(headers.get('x-worker'))
    }
    assert.ok(workers.size >= 2, [...workers].join())
    assert.equal(await app.stop(), 0, app.output)
  })
})
