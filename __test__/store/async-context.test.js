'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { test } = require('node:test')

const { makeSession, useCollection } = require('../helpers/stores')

const { backends } = useCollection('async-context')

const context = new AsyncLocalStorage()

/** One call of each method, all under way at once, each in a context of its own. */
const CALLS = [
  ['set', 'a', makeSession()], ['get', 'a'], ['get', 'b'], ['touch', 'a', makeSession()], ['destroy', 'c'], ['all'],
  ['ids'], ['length'], ['ping'], ['stats'], ['get', {}], ['set', {}, {}]
]

for (const [dialect, open] of Object.entries(backends)) {
  test(`${dialect}: callbacks run in their caller's async context`, async () => {
    const store = open()
    const seen = await Promise.all(CALLS.map(([method, ...args], n) => new Promise(resolve => {
      context.run(n, () => store[method](...args, () => resolve(context.getStore())))
    })))
    assert.deepEqual(seen, CALLS.map((_, n) => n))
  })

  test(`${dialect}: so do the reactions to promises`, async () => {
    const store = open()
    const seen = await Promise.all(CALLS.map(([method, ...args], n) => context.run(n, () => {
      const report = () => context.getStore()
      return store[method](...args).then(report, report)
    })))
    assert.deepEqual(seen, CALLS.map((_, n) => n))
  })

  test(`${dialect}: and the listeners of an operation's events`, async () => {
    const store = open()
    const seen = []
    for (const event of ['create', 'update', 'set', 'touch', 'get', 'destroy', 'all']) {
      store.on(event, () => seen.push([event, context.getStore()]))
    }
    await context.run('a', () => store.set(`${dialect}-new`, makeSession()))
    await context.run('b', () => store.get(`${dialect}-new`))
    await context.run('c', () => store.touch(`${dialect}-new`, makeSession()))
    await context.run('d', () => store.destroy(`${dialect}-new`))
    await context.run('e', () => store.all())
    assert.deepEqual(seen, [['create', 'a'], ['set', 'a'], ['get', 'b'], ['touch', 'c'], ['destroy', 'd'], ['all', 'e']])
  })
}
