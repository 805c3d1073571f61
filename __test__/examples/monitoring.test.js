'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

describeExample('prometheus', example => {
  test('operations, commands and figures are counted', async () => {
    const app = await example.start()
    const browser = app.browser()
    for (let n = 0; n < 3; n++) await browser.visit()
    const { text } = await app.browser().visit('/metrics')
    const value = line => Number(text.split('\n').find(one => one.startsWith(`session_store_${line} `))?.split(' ')[1])
    assert.equal(value('operation_seconds_count{operation="set",outcome="done",error=""}'), 3, text)
    assert.equal(value('operation_seconds_count{operation="get",outcome="found",error=""}'), 2, text)
    assert.equal(value('command_seconds_count{command="update",outcome="done"}'), 3, text)
    assert.equal(value('command_operations_sum{command="update"}'), 3, text)
    assert.equal(value('connected'), 1)
    assert.equal(value('in_flight'), 0)
    assert.equal(await app.stop(), 0, app.output)
  })
})

describeExample('opentelemetry', example => {
  test('operations are spans below that of their request, with their outcome', async () => {
    const app = await example.start()
    await app.browser().visit()
    assert.equal(await app.stop(), 0, app.output)
    const spans = app.stdout.split(/^(?=\{$)/m).map(text => ({
      name: /^ {2}name: '(.*)'/m.exec(text)?.[1],
      id: /^ {2}id: '(\w+)'/m.exec(text)?.[1],
      parent: /spanId: '(\w+)'/.exec(text)?.[1],
      text
    }))
    const request = spans.find(({ name }) => name === 'GET /')
    const set = spans.find(({ name }) => name === 'set sessions')
    assert.ok(request && set, app.stdout)
    assert.equal(set.parent, request.id)
    assert.match(set.text, /'db\.system\.name': 'mongodb'/)
    assert.match(set.text, /'session\.outcome': 'done'/)
  })
})

describeExample('health-and-shutdown', example => {
  test('it is ready while MongoDB is there, and says that it is stopping before it stops', async () => {
    const app = await example.start({ DRAIN_MS: '1000' })
    const browser = app.browser()
    assert.equal((await browser.visit('/ready')).text, 'ready')
    const stopped = app.stop()
    for (let state; state !== 'stopping';) {
      const { status, text } = await browser.visit('/ready')
      state = text
      assert.equal(status, state === 'ready' ? 200 : 503)
    }
    // What comes meanwhile is served.
    assert.equal((await browser.visit('/live')).text, 'alive')
    assert.equal((await browser.visit()).text, 'Visit 1')
    assert.equal(await stopped, 0, app.output)
  })

  test('without MongoDB it is alive and not ready', async () => {
    const app = await example.start({ MONGODB_URL: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300', DRAIN_MS: '0' })
    const browser = app.browser()
    assert.equal((await browser.visit('/live')).text, 'alive')
    assert.deepEqual((({ status, text }) => ({ status, text }))(await browser.visit('/ready')),
      { status: 503, text: 'MongoServerSelectionError' })
    assert.equal(await app.stop(), 0, app.output)
  })
})
