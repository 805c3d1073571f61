'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { compare, verdicts } = require('../../benchmark/before-after')

const rates = (store, perRound, op = 'get') => perRound.map((perSecond, index) => ({ store, op, round: index + 1, perSecond }))
const FIGURES = { perSecond: 'more' }

test('before and after are compared round by round, with quartiles and range', () => {
  const trials = [...rates('native', [9, 44, 98, 40, 102]), ...rates('native-before', [10, 40, 100, 50, 100])]
  const [row, ...rest] = compare(trials, { by: ['op'], figures: FIGURES })
  assert.deepEqual(row, {
    store: 'native', op: 'get', figure: 'perSecond', better: 'more', median: 0.98, quartiles: [0.9, 1.02], range: [0.8, 1.1]
  })
  assert.deepEqual(rest, [])
})

test('each of this package’s stores is compared with its own, where both were measured', () => {
  const trials = [
    ...rates('native', [1]), ...rates('borrowed', [3]), ...rates('borrowed-before', [2]), ...rates('connect-mongo', [1]),
    ...rates('native', [5], 'set'), ...rates('native-before', [4], 'set')
  ]
  const rows = compare(trials, { by: ['op'], figures: FIGURES })
  assert.deepEqual(rows.map(({ store, op, median }) => [store, op, median]), [['borrowed', 'get', 1.5], ['native', 'set', 1.25]])
})

test('a rate may fall by 0.03, and a latency rise by as much', () => {
  const verdictOf = (better, after) => {
    const comparison = compare([...rates('native', [after]), ...rates('native-before', [100])], { by: [], figures: { perSecond: better } })
    return verdicts(comparison, { caseOf: () => 'get', names: { native: 'ours' }, titles: { perSecond: 'ops/s' } })[0]
  }
  assert.deepEqual(verdictOf('more', 97), ['get', 'ours', 'ops/s', '0.970', '0.97 to 0.97', '0.97 to 0.97', '≥ 0.97', 'met'])
  assert.equal(verdictOf('more', 96.9).at(-1), 'NOT met')
  assert.equal(verdictOf('less', 103).at(-1), 'met')
  assert.deepEqual(verdictOf('less', 104).slice(-2), ['≤ 1.03', 'NOT met'])
})
