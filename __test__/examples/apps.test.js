'use strict'

// Each app counts the visits of a session, goes on after a restart, and ends by itself when it is told to.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample, manifestOf, names } = require('../helpers/examples')

/** What serves nothing, or something else. */
const OTHERS = ['expire', 'jest', 'log-out-everywhere', 'passport', 'serverless', 'vitest']

/** Nest ends itself by the signal that it was sent, once its hooks have run. */
const BY_SIGNAL = ['nestjs']

const visitOf = text => text.match(/Visit \d+/)?.[0] ?? text

for (const name of names.filter(name => !OTHERS.includes(name))) {
  describeExample(name, example => {
    const ended = BY_SIGNAL.includes(name) ? 'SIGTERM' : 0

    test('a session outlives the app, which ends when it is told to', async () => {
      const env = { DRAIN_MS: '0' }
      const first = await example.start(env)
      const browser = first.browser()
      assert.equal(visitOf((await browser.visit()).text), 'Visit 1', first.output)
      assert.equal(visitOf((await browser.visit()).text), 'Visit 2')
      assert.equal(visitOf((await first.browser().visit()).text), 'Visit 1')
      assert.equal(await first.stop(), ended, first.output)
      assert.equal(first.stderr, '')

      const second = await example.start(env)
      browser.origin = second.origin
      assert.equal(visitOf((await browser.visit()).text), 'Visit 3', second.output)
      assert.equal(await second.stop(), ended, second.output)
    })
  })
}

test('each example says in its manifest what it shows and what it takes', () => {
  for (const name of names) {
    const manifest = manifestOf(name)
    assert.equal(manifest.name, `example-${name}`)
    assert.equal(manifest.private, true)
    assert.ok(manifest.description)
    assert.ok(manifest.dependencies['connect-mongo-native'])
  }
})
