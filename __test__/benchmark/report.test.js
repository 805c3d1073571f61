'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')

const { interleave } = require('../../benchmark/interleave')
const { readOptions } = require('../../benchmark/options')
const { digits, median, percentile, ratio, summarize, table, times } = require('../../benchmark/report')
const { verdicts } = require('../../benchmark/targets')

const rate = (store, round, perSecond, more) => ({ store, round, perSecond, ...more })

test('a median is the middle one, or the mean of the two in the middle', () => {
  assert.equal(median([30, 1, 2]), 2)
  assert.equal(median([40, 1, 2, 4]), 3)
  assert.equal(median([7]), 7)
})

test('a percentile is a number that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(percentile(hundred, 0.5), 50)
  assert.equal(percentile(hundred, 0.99), 99)
  assert.equal(percentile([1, 2, 3], 0.5), 2)
  assert.equal(percentile([5], 0.99), 5)
})

test('a ratio is the median of the rounds’ ratios, not the ratio of medians', () => {
  // The machine was slow in the second round, for both.
  const ours = [rate('a', 1, 100), rate('a', 2, 20), rate('a', 3, 90)]
  const theirs = [rate('b', 1, 10), rate('b', 2, 1), rate('b', 3, 30)]
  assert.equal(ratio(ours, theirs, 'perSecond'), 10) // of 10, 20 and 3; the medians' is 9
})

test('only trials of the same round are compared', () => {
  assert.equal(ratio([rate('a', 1, 100), rate('a', 2, 30)], [rate('b', 2, 10)], 'perSecond'), 3)
  assert.equal(ratio([rate('a', 1, 100)], [rate('b', 2, 10)], 'perSecond'), null)
})

test('a summary has a row for each store in each case, with medians and the lead over it', () => {
  const trials = [
    rate('a', 1, 100, { op: 'get', micros: 5 }),
    rate('b', 1, 50, { op: 'get', micros: 9 }),
    rate('a', 1, 7, { op: 'set', micros: 1 }),
    rate('b', 2, 10, { op: 'get', micros: 7 }),
    rate('a', 2, 200, { op: 'get', micros: 4 })
  ]
  assert.deepEqual(summarize(trials, { by: ['op'], figures: ['perSecond', 'micros'], subject: 'a' }), [
    { store: 'a', op: 'get', perSecond: 150, micros: 4.5, lead: null },
    { store: 'b', op: 'get', perSecond: 30, micros: 8, lead: 11 },
    { store: 'a', op: 'set', perSecond: 7, micros: 1, lead: null }
  ])
})

test('without the subject there is no lead', () => {
  const [row] = summarize([rate('b', 1, 50)], { by: [], figures: ['perSecond'], subject: 'a' })
  assert.equal(row.lead, null)
})

test('targets are judged by what was measured, and left out where nothing was', () => {
  const summary = [
    { store: 'native', op: 'get', concurrency: 128, threadMicros: 5.01, lead: null },
    { store: 'connect-mongo', op: 'get', concurrency: 128, threadMicros: 80, lead: 12 },
    { store: 'connect-mongo', op: 'touch', concurrency: 1, threadMicros: 80, lead: 0.9 }
  ]
  assert.deepEqual(verdicts(summary).map(([subject, , , , verdict]) => [subject, verdict]), [
    ['get ×128', 'met'],
    ['get ×128', 'NOT met'],
    ['touch ×1', 'NOT met']
  ])
})

test('trials go round by round, and another store begins each', async () => {
  const order = []
  const trials = await interleave({ stores: ['a', 'b'], cases: [{ op: 'get' }, { op: 'set' }], rounds: 2 }, trial => {
    order.push(`${trial.round} ${trial.op} ${trial.store}`)
    return { perSecond: order.length }
  })
  assert.deepEqual(order, [
    '1 get a', '1 get b', '1 set a', '1 set b',
    '2 get b', '2 get a', '2 set b', '2 set a'
  ])
  assert.deepEqual(trials[5], { store: 'a', op: 'get', round: 2, perSecond: 6 })
})

test('over the rounds, three stores go in each order', async () => {
  const trials = await interleave({ stores: ['a', 'b', 'c'], cases: [{}], rounds: 6 }, async () => {})
  const orders = Array.from({ length: 6 }, (_, index) => trials.slice(3 * index, 3 * index + 3).map(({ store }) => store).join(''))
  assert.deepEqual(orders, ['abc', 'cba', 'bca', 'acb', 'cab', 'bac'])
})

test('a table lines up', () => {
  assert.equal(table(['', 'ops/s'], [['get', '12'], ['touch', '1,234']], 1), [
    '|       | ops/s |',
    '| ----- | ----: |',
    '| get   |    12 |',
    '| touch | 1,234 |'
  ].join('\n'))
})

test('figures have three digits, or all before the point', () => {
  assert.deepEqual([4.056, 17.94, 123.4, 158_805.3].map(digits), ['4.06', '17.9', '123', '158,805'])
  assert.deepEqual([times(12.34), times(null)], ['12.3×', ''])
})

test('the command line is checked', () => {
  const { suite, stores, ops, concurrency, rounds, seconds } = readOptions(['--quick', '--concurrency', '8,64'])
  assert.deepEqual({ suite, stores, ops, concurrency }, {
    suite: 'stores', stores: ['native', 'connect-mongo', 'connect-redis'], ops: ['get', 'set'], concurrency: [8, 64]
  })
  assert.deepEqual([rounds, seconds], [1, 1])
  assert.equal(readOptions(['express', '--rounds=5']).rounds, 5)
  assert.deepEqual(readOptions(['--quick', '--ops', 'touch']).ops, ['touch'])
  assert.throws(() => readOptions(['--stores', 'mongo']), /There is no store mongo\. There are native, /)
  assert.throws(() => readOptions(['--rounds', '0']), /--rounds takes whole numbers above 0: got 0/)
  assert.throws(() => readOptions(['--fast']), /Unknown option '--fast'/)
  assert.throws(() => readOptions(['expres']), /There is no suite expres/)
})

test('a network is of some round trips and rates', () => {
  const usual = readOptions(['network'])
  assert.deepEqual([usual.roundTrips, usual.rates, usual.rounds], [[1, 10, 30], [200, 2000], 5])
  assert.deepEqual(usual.stores, ['native', 'borrowed', 'connect-mongo'])
  const { roundTrips, rates } = readOptions(['network', '--quick', '--round-trips', '5,50', '--rates', '10'])
  assert.deepEqual([roundTrips, rates], [[5, 50], [10]])
  assert.throws(() => readOptions(['network', '--round-trips', '1.5']), /--round-trips takes whole numbers above 0: got 1.5/)
})

test('stores of another clone are compared where --before names it', () => {
  const { stores, before } = readOptions(['--before', 'clone'])
  assert.deepEqual(stores, ['native', 'native-before', 'borrowed', 'borrowed-before'])
  assert.equal(before, path.resolve('clone'))
  assert.deepEqual(readOptions(['--before', 'clone', '--stores', 'native']).stores, ['native'])
  assert.throws(() => readOptions(['--stores', 'native,native-before']), /The store native-before is of another clone: --before/)
})
