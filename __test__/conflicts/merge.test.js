'use strict'

// Three versions of one session into one: which side each property comes from.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const fc = require('fast-check')

const { differOnlyInExpiration, mergeSessions } = require('../../lib/conflicts/merge')

describe('a property', () => {
  const cases = {
    'that one side added': [{}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    'that one side changed': [{ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 }, { a: 2, b: 3 }],
    'that one side deleted': [{ a: 1, b: 1 }, { b: 1 }, { a: 1 }, {}],
    'that both changed alike': [{ a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }],
    'that both changed is of the later save': [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 3 }],
    'that the later save deleted and the other changed': [{ a: { b: 1 } }, { a: { b: 2 } }, {}, {}],
    'that the later save changed and the other deleted': [{ a: { b: 1 } }, {}, { a: { b: 2 } }, { a: { b: 2 } }],
    'of an object inside': [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: 2 } }],
    'of an object that both added': [{}, { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
    'of which each made an object is of the later save': [{ a: null }, { a: { b: 1 } }, { a: { c: 2 } }, { a: { c: 2 } }],
    'of which each made an object of a list is, too': [{ a: [1] }, { a: { b: 1 } }, { a: { c: 2 } }, { a: { c: 2 } }],
    'that is an object on one side only': [{ a: 1 }, { a: { b: 1 } }, { a: 2 }, { a: 2 }],
    'with a date': [{ a: new Date(1) }, { a: new Date(1) }, { a: new Date(2) }, { a: new Date(2) }],
    'with a date that only they moved': [{ a: new Date(1) }, { a: new Date(3) }, { a: new Date(1) }, { a: new Date(3) }]
  }
  for (const [name, [base, theirs, ours, merged]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(mergeSessions(base, theirs, ours), merged))
  }

  test('called __proto__ is one like any other', () => {
    const versions = ['{}', '{"__proto__":{"a":1}}', '{"__proto__":{"b":2}}'].map(text => JSON.parse(text))
    const merged = mergeSessions(...versions)
    assert.equal(JSON.stringify(merged), '{"__proto__":{"a":1,"b":2}}')
    assert.equal(Object.getPrototypeOf(merged), Object.prototype)
    assert.equal({}.a, undefined)
  })
})

describe('an array', () => {
  const cases = {
    'to which both appended is joined, theirs first': [[1], [1, 2], [1, 3], [1, 2, 3]],
    'that both began is joined': [undefined, [1], [2], [1, 2]],
    'that both changed in another way is taken whole from the later save': [[1, 2], [1], [1, 2, 3], [1, 2, 3]],
    'that one side changed is of that side': [[1], [2], [1], [2]]
  }
  for (const [name, [base, theirs, ours, merged]] of Object.entries(cases)) {
    test(name, () => {
      const flash = list => list === undefined ? {} : { flash: list }
      assert.deepEqual(mergeSessions(flash(base), flash(theirs), flash(ours)), { flash: merged })
    })
  }
})

describe('the cookie is whole', () => {
  const cookie = (expires, more) => ({ cookie: { originalMaxAge: 1000, expires, ...more } })
  const cases = {
    'of the later save, where neither changed more than the expiration': [cookie('1'), cookie('2'), cookie('3'), cookie('3')],
    'of the other, where only that changed an attribute':
      [cookie('1'), cookie('2', { originalMaxAge: 5000 }), cookie('3'), cookie('2', { originalMaxAge: 5000 })],
    'of the later save, where both did':
      [cookie('1'), cookie('2', { secure: true }), cookie('3', { path: '/x' }), cookie('3', { path: '/x' })]
  }
  for (const [name, [base, theirs, ours, merged]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(mergeSessions(base, theirs, ours), merged))
  }

  test('and a session in which only its expiration moved was not changed', () => {
    assert.ok(differOnlyInExpiration({ ...cookie('1'), a: 1 }, { ...cookie('2'), a: 1 }))
    assert.ok(!differOnlyInExpiration({ ...cookie('1'), a: 1 }, { ...cookie('1'), a: 2 }))
    assert.ok(differOnlyInExpiration(cookie('1'), cookie('2', { originalMaxAge: 999 })))
    assert.ok(!differOnlyInExpiration(cookie('1'), cookie('1', { originalMaxAge: 5000 })))
    assert.ok(!differOnlyInExpiration(cookie('1'), cookie('1', { originalMaxAge: null })))
    assert.ok(!differOnlyInExpiration({ a: { expires: 1 } }, { a: { expires: 2 } }))
  })
})

describe('whatever the sessions are', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y', null, true), fc.array(fc.integer({ max: 2 }), { maxLength: 3 }))
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { noNullPrototype: true })
  const session = fc.dictionary(fc.constantFrom('p', 'q', 'r', 'cookie'), fc.oneof(value, object), { noNullPrototype: true })
  const sameOrder = object => JSON.parse(JSON.stringify(object))

  test('merging with a side that has changed nothing gives the other', () => {
    fc.assert(fc.property(session, session, (base, other) => {
      assert.deepEqual(mergeSessions(base, base, other), other)
      assert.deepEqual(mergeSessions(base, other, base), other)
    }))
  })

  test('what one side alone changed survives, whichever wins the race', () => {
    fc.assert(fc.property(session, session, session, (base, one, other) => {
      const results = [mergeSessions(base, one, other), mergeSessions(base, other, one)]
      for (const name of ['p', 'q', 'r']) {
        const [was, first, second] = [base, one, other].map(version => JSON.stringify(version[name]))
        if (was !== first && was !== second) continue
        const expected = was === first ? second : first
        for (const merged of results) assert.equal(JSON.stringify(sameOrder(merged)[name]), expected)
      }
    }))
  })

  test('and so inside objects that both have kept', () => {
    fc.assert(fc.property(object, object, object, (base, one, other) => {
      const inside = (...versions) => mergeSessions(...versions.map(o => ({ o })))
      const results = [inside(base, one, other), inside(base, other, one)]
      for (const name of ['a', 'b', 'c', 'd']) {
        const [was, first, second] = [base, one, other].map(version => JSON.stringify(version[name]))
        if (was !== first && was !== second) continue
        const expected = was === first ? second : first
        for (const { o } of results) assert.equal(JSON.stringify(o[name]), expected)
      }
    }))
  })

  test('no version is changed', () => {
    fc.assert(fc.property(session, session, session, (...versions) => {
      const before = JSON.stringify(versions)
      mergeSessions(...versions)
      assert.equal(JSON.stringify(versions), before)
    }))
  })
})
