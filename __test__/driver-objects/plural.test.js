'use strict'

// The rules for collections' names, compared with those that Mongoose used to bring along.

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { test } = require('node:test')
const words = require('an-array-of-english-words')
const legacyPluralize = require('mongoose-legacy-pluralize')

const { plural } = require('../../lib/driver-objects/plural')

/** As apps name models, and what a careless rule would trip over. */
const SHAPES = [
  word => word,
  word => word[0].toUpperCase() + word.slice(1),
  word => `User${word}`,
  word => `${word}_${word}`,
  word => `${word}Matrix${word}Vertix${word}`,
  word => `${word}2`,
  word => `${word}é`,
  word => `${word}\n`
]

function compare (names) {
  const different = names.filter(name => plural(name) !== legacyPluralize(name))
  assert.deepEqual(different.map(name => [name, plural(name), legacyPluralize(name)]), [])
}

test('all words of English', () => {
  assert.ok(words.length > 200_000)
  compare(words)
})

test('words in the shapes of models’ names', () => {
  const some = words.filter((word, index) => index % 50 === 0)
  compare(some.flatMap(word => SHAPES.map(shape => shape(word))))
})

test('each rule’s words, whatever is before and behind them', () => {
  const { pluralization, uncountables } = legacyRules()
  const parts = pluralization.flatMap(([{ source }]) => source.split(/[^a-z]+/i)).filter(Boolean)
  const around = ['', 'a', 'f', 'l', 'q', 's', 'y', '|', '2', '.', 'é', '\n']
  const known = [...parts, ...uncountables]
  const pairs = known.flatMap(first => ['', ...known].map(second => first + second))
  compare(['', ...pairs.flatMap(pair => around.flatMap(part => [part + pair, pair + part, part + pair + part]))])
})

/** Exported beside the function in an object that nobody gets: read from a copy of the module. */
function legacyRules () {
  const exports = {}
  const source = readFileSync(require.resolve('mongoose-legacy-pluralize'), 'utf8')
  new Function('module', 'exports', source)({ exports }, exports)
  return exports
}
