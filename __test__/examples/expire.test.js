'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const { describeExample } = require('../helpers/examples')

const PATIENCE_MS = 60_000

describeExample('expire', example => {
  test('a seat is free again when its session has expired, which one process hears of', async () => {
    const env = { HOLD_SECONDS: '1', SWEEP_MINUTES: '0.01' }
    const apps = [await example.start(env), await example.start(env)]
    const [ada, bob] = apps.map(app => app.browser())
    assert.equal((await ada.submit('/seats/12', { name: 'Ada' })).text, 'Seat 12 is yours')
    assert.equal((await bob.submit('/seats/12', { name: 'Bob' })).status, 409)
    assert.equal((await bob.visit()).text, 'Taken: 12')

    const deadline = Date.now() + PATIENCE_MS
    while ((await apps[0].browser().visit()).text !== 'Taken: none') {
      assert.ok(Date.now() < deadline, apps.map(app => app.output).join())
      await sleep(200)
    }
    assert.equal((await apps[0].browser().submit('/seats/12', { name: 'Cid' })).text, 'Seat 12 is yours')
    for (const app of apps) {
      assert.equal(await app.stop(), 0, app.output)
      assert.equal(app.stderr, '')
    }
    const heard = apps.flatMap(app => app.stdout.match(/Ada has lost 1 seats/g) ?? [])
    assert.equal(heard.length, 1, apps.map(app => app.output).join())
  })
})
