'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { nearestName } = require('../../lib/dialects/names')

const NAMES = ['url', 'mongoUrl', 'collection', 'autoRemove', 'autoRemoveInterval', 'touchAfter', 'transformId']

test('the nearest name forgives case, separators, slips and swapped letters', () => {
  for (const [written, meant] of [
    ['mongoURL', 'mongoUrl'], ['mongo_url', 'mongoUrl'], ['uri', 'url'], ['colection', 'collection'],
    ['autoremove', 'autoRemove'], ['auto-remove-interval', 'autoRemoveInterval'], ['touchAfetr', 'touchAfter'],
    ['transformID', 'transformId'], ['tranformId', 'transformId']
  ]) assert.equal(nearestName(written, NAMES), meant, written)
})

test('a name that resembles none has no nearest one', () => {
  for (const written of ['resave', 'cookie', 'x', 'saveUninitialized', 'a'.repeat(1_000_000)]) {
    assert.equal(nearestName(written, NAMES), undefined, written.slice(0, 20))
  }
})
