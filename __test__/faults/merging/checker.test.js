'use strict'

// The checker of stores that merge finds what is planted, and nothing where all is well.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { check } = require('./checker')

const PROMISES = { fences: true, exactResults: true, timeoutMS: 1000 }

function run (calls, { finalRows, ...promises } = {}) {
  const ledger = calls.map((call, n) => ({
    n, settled: 1, ageMS: 1, outcome: 'done', calledAt: 2 * n, settledAt: 2 * n + 1, ...call
  }))
  return check({ ledger, finalRows: finalRows && new Map(Object.entries(finalRows)) }, { ...PROMISES, ...promises })
}

const wrong = (calls, options) => run(calls, options).violations.map(({ kind }) => kind)

const create = (result = 'created', more = {}) => ({ kind: 'create', id: 'a', result, ...more })
const save = (result = 'updated', more = {}) => ({ kind: 'save', id: 'a', result, ...more })
const destroy = more => ({ kind: 'destroy', id: 'a', ...more })
const destroyWhere = (result, more) => ({ kind: 'destroyWhere', ids: ['a', 'b'], result, ...more })
const clear = more => ({ kind: 'clear', ...more })
/** A get that sees the properties that these saves have added. */
const get = result => ({ kind: 'get', id: 'a', result })
const UNKNOWN = { outcome: 'unknown', result: undefined }
const FAILED = { outcome: 'failed', result: undefined }

describe('nothing is found where all is well', () => {
  const wells = {
    'saves add up': [create(), save(), save(), get([0, 1, 2]), destroy(), get(null), save('gone'), get(null)],
    'two new sessions of one id are merged': [create(), create('updated'), get([0, 1])],
    'an id begins anew': [create(), destroy(), create(), get([2])],
    'a clear, and many at once': [create(), clear(), create(), destroyWhere(1), get(null), destroyWhere(0)],
    'what failed has changed nothing': [create(), save('', FAILED), destroy(FAILED), get([0])],
    'what is unknown may be applied': [create(), save('', UNKNOWN), get([0, 1])],
    'or later, or never': [create(), save('', UNKNOWN), get([0]), get([0, 1]), save(), get([0, 1, 4])],
    'an unknown destroy': [create(), destroy(UNKNOWN), get([0]), get(null), save('gone')],
    'and a new session behind it': [create(), destroy(UNKNOWN), create(), get([2])],
    'or merged with what is still there': [create(), destroy(UNKNOWN), create('updated'), get([0, 2])],
    'an unknown new session': [create('', UNKNOWN), get([0]), save(), get([0, 2])],
    'that is not stored': [create('', UNKNOWN), save('gone'), get(null)],
    'unknown removals of many': [create(), destroyWhere(0, UNKNOWN), get([0]), clear(UNKNOWN), get(null)]
  }
  for (const [title, calls] of Object.entries(wells)) test(title, () => assert.deepEqual(wrong(calls), []))
})

describe('what is planted is found', () => {
  test('a property that is lost', () => {
    assert.deepEqual(wrong([create(), save(), get([0])]), ['lost'])
    assert.deepEqual(wrong([create(), save()], { finalRows: { a: [1] } }), ['lost'])
    assert.deepEqual(wrong([create(), create('updated'), get([1])]), ['lost'])
  })
  test('a property that comes back with a session that was destroyed', () => {
    assert.deepEqual(wrong([create(), destroy(), create(), get([0, 2])]), ['resurrected'])
    assert.deepEqual(wrong([create(), save('', FAILED), get([0, 1])]), ['resurrected'])
  })
  test('a session that is lost, or comes back', () => {
    assert.deepEqual(wrong([create(), get(null)]), ['lost'])
    assert.deepEqual(wrong([create(), save('gone')]), ['lost'])
    for (const removal of [destroy(), clear(), destroyWhere(1)]) {
      assert.deepEqual(wrong([create(), removal, get([0])]), ['resurrected'])
      assert.deepEqual(wrong([create(), removal, save()]), ['resurrected'])
    }
    assert.deepEqual(wrong([create(), destroy(), save('created')]), ['resurrected'])
    assert.deepEqual(wrong([create('', UNKNOWN), destroy(), get([0])]), ['resurrected'])
  })
  test('two creations of one row', () => assert.deepEqual(wrong([create(), create()]), ['created twice']))
  test('a save without an event', () => assert.deepEqual(wrong([create(undefined, { result: undefined })]), ['no event']))
  test('a wrong count of what was destroyed', () => {
    assert.deepEqual(wrong([create(), destroyWhere(0)]), ['miscounted'])
    assert.deepEqual(wrong([create(), destroyWhere(2)]), ['miscounted'])
  })
  test('what settles never, twice or too late', () => {
    assert.deepEqual(wrong([create('created', { settled: 2 })]), ['settled twice'])
    assert.deepEqual(wrong([create('created', { ageMS: 2001 })]), ['settled too late'])
  })
})

test('a late write that nothing fences off is counted apart', () => {
  const calls = [create(), destroy(UNKNOWN), save(), get(null)]
  assert.deepEqual(wrong(calls), ['lost'])
  const { violations, unpromised } = run(calls, { fences: false })
  assert.deepEqual([violations, unpromised], [[], 1])
})

test('a late clear is counted apart, and what it took is not missed afterwards', () => {
  const calls = [create(), clear(UNKNOWN), save(), create(), get([3])]
  const { violations, unpromised } = run(calls)
  assert.deepEqual([violations, unpromised], [[], 1])
})

test('a drop by somebody else takes what was called before it, and not what is called after it', () => {
  const drop = { kind: 'drop' }
  assert.deepEqual(wrong([create(), drop, create(), get([2])]), [])
  assert.deepEqual(wrong([create(), drop, create('updated'), get([0, 2])]), [])
  assert.deepEqual(wrong([create(), drop, create(), get(null)]), ['lost'])
  // A get behind a save that is under way takes its result from that.
  const slow = save('updated', { calledAt: 1.5, settledAt: 9 })
  const quick = { ...drop, calledAt: 2.5, settledAt: 3 }
  assert.deepEqual(wrong([create(), slow, quick, get([0, 1]), { ...get(null), calledAt: 12 }]), [])
})
