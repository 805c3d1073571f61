'use strict'

// The checker of the random tests finds what is planted, and nothing where all is well.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { check } = require('./checker')

const PROMISES = { fences: true, exactResults: true, showsTouches: true, timeoutMS: 1000 }

/** A ledger of these calls, each called when the one before it has its outcome, unless it says otherwise. */
function ledgerOf (calls) {
  return calls.map((call, n) => ({
    n, settled: 1, ageMS: 1, outcome: 'done', calledAt: 2 * n, settledAt: 2 * n + 1, expires: 100 + n, ...call
  }))
}

/** The kinds of violations. */
function wrong (calls, { finalRows, strayEvents, ...promises } = {}) {
  const final = finalRows && new Map(Object.entries(finalRows))
  const { violations } = check({ ledger: ledgerOf(calls), finalRows: final, strayEvents }, { ...PROMISES, ...promises })
  return violations.map(({ kind }) => kind)
}

function unpromised (calls, promises) {
  const { violations, unpromised } = check({ ledger: ledgerOf(calls) }, { ...PROMISES, ...promises })
  assert.deepEqual(violations, [])
  return unpromised
}

const set = (id, result = 'updated', more = {}) => ({ kind: 'set', id, result, ...more })
const destroy = (id, more) => ({ kind: 'destroy', id, ...more })
const touch = (id, result, more) => ({ kind: 'touch', id, result, ...more })
const clear = more => ({ kind: 'clear', ...more })
/** A get that sees the set with this number, as it expires by itself or by a touch. */
const get = (id, n, expires = 100 + n) => ({ kind: 'get', id, result: n === null ? null : { n, expires } })
const UNKNOWN = { outcome: 'unknown', result: undefined }
const FAILED = { outcome: 'failed', result: undefined }

describe('nothing is found where all is well', () => {
  const wells = {
    'a life': [set('a', 'created'), get('a', 0), set('a'), get('a', 2), destroy('a', { result: true }), get('a', null)],
    'a touch shows': [set('a', 'created'), touch('a', true), get('a', 0, 101)],
    'a touch of nothing': [touch('a', false), get('a', null)],
    'ids are independent': [set('a', 'created'), set('b', 'created'), destroy('a'), get('b', 1)],
    'a clear': [set('a', 'created'), clear(), get('a', null), set('a', 'created')],
    'what failed has changed nothing': [set('a', 'created'), set('a', '', FAILED), get('a', 0), destroy('a', FAILED), get('a', 0)],
    'what is unknown may be applied': [set('a', 'created'), destroy('a', UNKNOWN), get('a', null)],
    'or not': [set('a', 'created'), destroy('a', UNKNOWN), get('a', 0)],
    'or later': [set('a', 'created'), set('a', '', UNKNOWN), get('a', 0), get('a', 1)],
    'an unknown set may have made the row': [set('a', '', UNKNOWN), set('a', 'updated')],
    'or not have': [set('a', '', UNKNOWN), set('a', 'created')],
    'an unknown touch': [set('a', 'created'), touch('a', undefined, UNKNOWN), get('a', 0, 101)],
    'a get shows a touch that is under way and fails': [
      set('a', 'created'), touch('a', undefined, { ...FAILED, settledAt: 9 }), get('a', 0, 101), get('a', 0)
    ],
    'a get that failed': [set('a', 'created'), { kind: 'get', id: 'a', outcome: 'failed' }]
  }
  for (const [title, calls] of Object.entries(wells)) test(title, () => assert.deepEqual(wrong(calls), []))
})

describe('what is planted is found', () => {
  test('a lost write', () => {
    assert.deepEqual(wrong([set('a', 'created'), get('a', null)]), ['lost'])
    assert.deepEqual(wrong([set('a', 'created'), set('a'), get('a', 0)]), ['lost'])
    assert.deepEqual(wrong([set('a', 'created'), clear(), set('a', 'created')], { finalRows: {} }), ['lost'])
  })
  test('a stale get', () => {
    const calls = [set('a', 'created'), set('a', 'updated', { settledAt: 9 }), get('a', 0)]
    assert.deepEqual(wrong(calls), ['lost'])
    // Seen once, and not held against what comes after it.
    assert.deepEqual(wrong([set('a', 'created'), set('a'), get('a', 0), set('a'), get('a', 3)]), ['lost'])
  })
  test('a get that sees what was called after it', () => {
    assert.deepEqual(wrong([set('a', 'created'), get('a', 2, 102), set('a')]), ['seen too early'])
  })
  test('a session that comes back', () => {
    assert.deepEqual(wrong([set('a', 'created'), destroy('a'), get('a', 0)]), ['resurrected'])
    assert.deepEqual(wrong([set('a', 'created'), clear()], { finalRows: { a: { n: 0, expires: 100 } } }), ['resurrected'])
  })
  test('a late write that undoes an acknowledged one', () => {
    const late = set('a', '', UNKNOWN)
    assert.deepEqual(wrong([late, destroy('a'), get('a', 0)]), ['resurrected'])
    assert.deepEqual(wrong([set('a', 'created'), late, set('a'), get('a', 1)]), ['lost'])
    assert.deepEqual(wrong([set('a', 'created'), destroy('a', UNKNOWN), set('a', 'created'), get('a', null)]), ['lost'])
    assert.deepEqual(wrong([late, clear(), get('a', 0)]), ['resurrected'])
  })
  test('a touch that is lost, or shows where there is none', () => {
    assert.deepEqual(wrong([set('a', 'created'), touch('a', true), get('a', 0)]), ['another expiration'])
    assert.deepEqual(wrong([set('a', 'created'), get('a', 0, 101)]), ['another expiration'])
    assert.deepEqual(wrong([set('a', 'created'), touch('a', undefined, FAILED), get('a', 0, 101)]), ['another expiration'])
  })
  test('two creations of one row', () => {
    assert.deepEqual(wrong([set('a', 'created'), set('a', 'created')]), ['created twice'])
    assert.deepEqual(wrong([set('a', 'created'), set('a', '', UNKNOWN), set('a', 'created')]), ['created twice'])
  })
  test('a row that is changed, touched or removed and is not there', () => {
    for (const call of [set('a', 'updated'), touch('a', true), destroy('a', { result: true })]) {
      assert.deepEqual(wrong([call]), ['found a row that is not there'])
    }
  })
  test('a row that is not found and is there', () => {
    for (const call of [touch('a', false), destroy('a', { result: false })]) {
      assert.deepEqual(wrong([set('a', 'created'), call]), ['missed a row that is there'])
    }
  })
  test('an operation that never settles, twice, or too late', () => {
    assert.deepEqual(wrong([set('a', 'created', { settled: 0, outcome: undefined })]), ['never settled'])
    assert.deepEqual(wrong([set('a', 'created', { settled: 2 })]), ['settled twice'])
    assert.deepEqual(wrong([set('a', 'created', { callbacks: 2 })]), ['settled twice'])
    assert.deepEqual(wrong([set('a', 'created', { callbacks: 0 })]), ['never called back'])
    assert.deepEqual(wrong([set('a', 'created', { ageMS: 2001 })]), ['settled too late'])
    assert.deepEqual(wrong([set('a', 'created', { ageMS: 2000 })]), [])
  })
  test('events without sets, and sets without events', () => {
    assert.deepEqual(wrong([set('a', 'created')], { strayEvents: ['a'] }), ['an event of no set'])
    assert.deepEqual(wrong([{ kind: 'set', id: 'a' }]), ['no event'])
  })
  test('a row that nobody stored', () => {
    assert.deepEqual(wrong([set('a', 'created')], {
      finalRows: { a: { n: 0, expires: 100 }, b: { n: 7, expires: 1 } }
    }), ['invented'])
  })
})

describe('listings', () => {
  const list = (kind, result, more) => ({ kind, result, ...more })

  test('see what was called before them', () => {
    const before = [set('a', 'created'), set('b', 'created'), destroy('b')]
    assert.deepEqual(wrong([...before, list('ids', ['a']), list('length', 1), list('all', [{ id: 'a', n: 0, expires: 100 }])]), [])
    assert.deepEqual(wrong([...before, list('ids', [])]), ['not listed'])
    assert.deepEqual(wrong([...before, list('ids', ['a', 'b'])]), ['listed and not there'])
    assert.deepEqual(wrong([...before, list('ids', ['a', 'c'])]), ['listed what nobody stored'])
    assert.deepEqual(wrong([...before, list('length', 0)]), ['miscounted'])
    assert.deepEqual(wrong([...before, list('length', 2)]), ['miscounted'])
    assert.deepEqual(wrong([...before, set('a'), list('all', [{ id: 'a', n: 0, expires: 100 }])]), ['listed and not there'])
  })

  test('may see what is called while they run, and nothing later', () => {
    for (const [kind, without, within] of [['ids', [], ['a']], ['length', 0, 1]]) {
      for (const result of [without, within]) {
        assert.deepEqual(wrong([list(kind, result, { settledAt: 9 }), set('a', 'created')]), [])
      }
      assert.equal(wrong([list(kind, within), set('a', 'created')]).length, 1)
    }
  })

  test('may see what is unknown', () => {
    const late = set('a', '', UNKNOWN)
    for (const result of [[], ['a']]) assert.deepEqual(wrong([late, list('ids', result)]), [])
  })
})

describe('what nothing promises is counted apart', () => {
  test('a late write where nothing fences it off', () => {
    const calls = [set('a', '', UNKNOWN), destroy('a'), get('a', 0)]
    assert.equal(unpromised(calls, { fences: false }), 1)
    assert.deepEqual(wrong([...calls, set('a'), get('a', null)], { fences: false }), ['lost'])
  })

  test('a touch of nothing that passes, where nobody can say', () => {
    assert.equal(unpromised([touch('a', true), get('a', null)], { touchesMayPass: true }), 1)
  })

  test('a clear that was given up removes what was stored after it', () => {
    assert.equal(unpromised([clear(UNKNOWN), set('a', 'created'), get('a', 1), get('a', null)]), 1)
    assert.equal(unpromised([clear(UNKNOWN), set('a', 'created'), set('a', 'created')]), 1)
    assert.deepEqual(wrong([clear(FAILED), set('a', 'created'), get('a', null)]), ['lost'])
  })
})

describe('a drop by somebody else', () => {
  const drop = { kind: 'drop' }

  test('removes what was called before it, or not what was called while it ran', () => {
    for (const seen of [0, null]) assert.deepEqual(wrong([set('a', 'created'), { ...drop, settledAt: 9 }, get('a', seen)]), [])
    for (const seen of [1, null]) {
      assert.deepEqual(wrong([{ ...drop, settledAt: 3.5 }, set('a', 'created'), get('b', null), get('a', seen)]), [])
    }
  })

  test('or what was called before it and is under way', () => {
    const slow = { calledAt: 1.5, settledAt: 9 }
    for (const result of [true, false]) {
      assert.deepEqual(wrong([set('a', 'created'), touch('a', result, slow), { ...drop, settledAt: 10 }]), [])
    }
    assert.deepEqual(wrong([set('a', 'created'), touch('a', false), drop]), ['missed a row that is there'])
  })

  test('and nothing that was called after it', () => {
    assert.deepEqual(wrong([set('a', 'created'), drop, set('a', 'created'), get('a', 2)]), [])
    assert.deepEqual(wrong([set('a', 'created'), drop, set('a', 'created'), get('a', null)]), ['lost'])
  })
})
