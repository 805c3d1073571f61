'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

for (const name of ['jest', 'vitest']) {
  describeExample(name, example => {
    test('its tests pass, and the tool ends by itself', () => {
      const output = example.run('test')
      assert.doesNotMatch(output, /open handle|did not exit|hanging/)
    })
  })
}
