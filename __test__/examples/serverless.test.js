'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')

const { runScriptFile } = require('../helpers/child')
const { describeExample } = require('../helpers/examples')

describeExample('serverless', example => {
  test('calls of one instance, and of another, find the session; the process may end with its store open', async () => {
    // What API Gateway calls it with.
    const call = cookie => {
      const event = { httpMethod: 'GET', path: '/', headers: cookie ? { cookie } : {}, requestContext: {} }
      return runScriptFile(path.join(__dirname, '../helpers/call-handler.js'), {
        preload: path.join(__dirname, '../helpers/on-this-machine.js'),
        cwd: example.folder,
        env: { ...example.env, EVENT: JSON.stringify(event) }
      })
    }
    const first = await call()
    assert.equal(first.code, 0, first.stderr)
    const [cold, warm] = JSON.parse(first.stdout)
    assert.equal(cold.body, 'Visit 1')
    assert.equal(warm.body, 'Visit 1')
    const header = cold.multiValueHeaders?.['set-cookie']?.[0] ?? cold.headers['set-cookie']
    const second = await call(header.split(';')[0])
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(JSON.parse(second.stdout).map(({ body }) => body), ['Visit 2', 'Visit 3'])
  })
})
