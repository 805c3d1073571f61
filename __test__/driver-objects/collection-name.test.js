'use strict'

// Which collection a model's name means, as in Mongoose 3.8.40, which session-mongoose brought along.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { collectionOf } = require('../../lib/driver-objects/collection-name')

const NAMES = {
  Session: 'sessions', Foobar: 'foobars', UserSession: 'usersessions', user_session: 'user_sessions',
  Sessions: 'sessions', sess: 'sesses', Auth2: 'auth2', Category: 'categories', Status: 'status', Person: 'people',
  Index: 'indexes', matrix: 'matrixes', Analysis: 'analyses', Datum: 'data', data: 'datas', Box: 'boxes',
  human: 'humen', goose: 'gooses', life: 'lives', wife: 'wives', money: 'money', hive: 'hives', Man: 'men',
  child: 'children', ox: 'oxen', quiz: 'quizzes', 'system.profile': 'system.profile', bus: 'buses', tomato: 'tomatoes'
}
for (const [model, collection] of Object.entries(NAMES)) {
  test(`${model}: ${collection}`, () => assert.equal(collectionOf(model), collection))
}

test('a connection goes by the rules of its app', () => {
  const { Mongoose } = require('mongoose')
  const own = new Mongoose()
  assert.equal(collectionOf('Goose', own.connection), 'geese')
  own.model('Goose', new own.Schema({}), 'flock')
  assert.equal(collectionOf('Goose', own.connection), 'flock')
  own.pluralize(null)
  assert.equal(collectionOf('Duck', own.connection), 'Duck')
})
