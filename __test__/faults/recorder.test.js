'use strict'

// What the recorder notes of stores that misbehave. Those here do only that, and know no MongoDB.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { describe, test } = require('node:test')
const { setImmediate: turn } = require('node:timers/promises')

const { check } = require('./checker')
const { LoopClock } = require('./loop-clock')
const { Recorder } = require('./recorder')

const PROMISES = { fences: true, exactResults: true, showsTouches: true, timeoutMS: 1000 }

/** A recorder of a store with one method that does `act(emit)`. */
function record (method, act, { callbacks = false } = {}) {
  const store = new EventEmitter()
  store[method] = (...args) => act(event => store.emit(event, args[0]), args.at(-1))
  const clock = new LoopClock()
  return new Recorder(store, { random: () => callbacks ? 1 : 0, clock, promises: !callbacks, touchTells: true })
}

function violations ({ ledger, strayEvents }) {
  return check({ ledger, strayEvents }, PROMISES).violations.map(({ kind }) => kind)
}

describe('the recorder', () => {
  test('takes the result of a set from the event before it', async () => {
    const events = ['create', 'update', 'update']
    const recorder = record('set', async emit => { emit(events.shift()) })
    await Promise.all([recorder.set('a'), recorder.set('a'), recorder.set('a')])
    assert.deepEqual(recorder.ledger.map(({ result }) => result), ['created', 'updated', 'updated'])
    assert.deepEqual(violations(recorder), [])
  })

  test('notes an event of no set, and a set without an event', async () => {
    const twice = record('set', async emit => ['create', 'update'].forEach(emit))
    await twice.set('a')
    assert.deepEqual(violations(twice), ['an event of no set'])
    const none = record('set', async () => {})
    await none.set('a')
    assert.deepEqual(violations(none), ['no event'])
  })

  test('notes what settles twice or never', async () => {
    const callTwice = (emit, callback) => [1, 2].forEach(() => callback(null, null))
    const twice = record('get', callTwice, { callbacks: true })
    await twice.get('a')
    assert.deepEqual(violations(twice), ['settled twice'])
    const never = record('get', () => new Promise(() => {}))
    never.get('a')
    await turn()
    assert.equal(never.unsettled, 1)
    assert.deepEqual(violations(never), ['never settled'])
  })

  test('notes a callback that is called other than once', async () => {
    for (const [times, expected] of [[0, ['never called back']], [1, []], [2, ['settled twice']]]) {
      const store = new EventEmitter()
      store.get = async (id, callback) => { for (let n = 0; n < times; n++) callback(null, null) }
      const recorder = new Recorder(store, { random: () => 0.9, clock: new LoopClock() })
      await recorder.get('a')
      assert.deepEqual(violations({ ...recorder, strayEvents: [] }), expected)
    }
  })

  test('notes a failure without an error', async () => {
    const recorder = record('set', () => Promise.reject())
    await recorder.set('a')
    assert.equal(recorder.ledger[0].outcome, 'unknown')
    assert.deepEqual(violations(recorder), ['failed without an error'])
  })

  test('tells what has failed from what may have been stored', async () => {
    const errors = {
      failed: [
        { name: 'MongoOperationTimeoutError', message: 'timed out after 1 ms (operationTimeoutMS): not sent' },
        { name: 'MongoServerSelectionError', message: 'no server within 1 ms (operationTimeoutMS): connect ECONNREFUSED' },
        { name: 'MongoQueueFullError', message: 'full' },
        { name: 'MongoClientClosedError', message: 'the store has been closed' },
        { name: 'MongoServerError', message: 'not authorized', code: 13 }
      ],
      unknown: [
        { name: 'MongoOperationTimeoutError', message: 'timed out after 1 ms (operationTimeoutMS): outcome unknown' },
        { name: 'MongoServerSelectionError', message: 'no server within 1 ms (operationTimeoutMS) (outcome unknown): x' },
        { name: 'MongoNetworkError', message: 'connection closed' },
        { name: 'MongoClientClosedError', message: 'Operation interrupted because client was closed' },
        { name: 'MongoServerError', message: 'interrupted', code: 11601 }
      ]
    }
    for (const [outcome, list] of Object.entries(errors)) {
      for (const error of list) {
        const recorder = record('set', async () => { throw Object.assign(new Error(error.message), error) })
        await recorder.set('a')
        assert.equal(recorder.ledger[0].outcome, outcome, error.message)
      }
    }
  })

  test('takes a touch of nothing for an outcome', async () => {
    const recorder = record('touch', async () => { throw new Error('Unable to find the session to touch') })
    await recorder.touch('a')
    assert.deepEqual([recorder.ledger[0].outcome, recorder.ledger[0].result], ['done', false])
  })
})
