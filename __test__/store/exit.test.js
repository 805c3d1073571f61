'use strict'

// Ways out of a process with operations under way: none may crash, hang or lose what was promised.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')

const { runScript } = require('../helpers/child')
const { isLong } = require('../helpers/long')
const { MongoStore, testUrl } = require('../helpers/stores')

const COLLECTION = 'exit'
const ROUNDS = isLong ? 100 : 5
const BUSY = `
  const store = MongoStore.create({ mongoUrl: url, collectionName: '${COLLECTION}', autoRemove: 'disabled' })
  const operations = []
  for (let n = 0; n < 500; n++) {
    operations.push(store.set('id-' + n, { cookie: {}, n }), store.get('id-' + n))
  }
`

describe('leaving with 1000 operations under way', () => {
  const exits = {
    'process.exit': ['process.exit(7)', { code: 7 }],
    'process.exit a little later': ['setTimeout(() => process.exit(7), 5)', { code: 7 }],
    'an uncaught exception': ["setTimeout(() => { throw new Error('on purpose') }, 5)", { code: 1 }],
    SIGTERM: ["setTimeout(() => process.kill(process.pid, 'SIGTERM'), 5); setTimeout(() => {}, 5000)", { signal: 'SIGTERM' }]
  }
  for (const [name, [script, expected]] of Object.entries(exits)) {
    test(name, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { code, signal, stderr } = await runScript(BUSY + script)
        assert.deepEqual({ code, signal }, { code: null, signal: null, ...expected }, stderr)
      }
    })
  }

  test('by itself: everything is finished first', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { code, stdout } = await runScript(`${BUSY}
        let settled = 0
        for (const operation of operations) operation.then(() => settled++)
        process.on('exit', () => console.log(settled))`)
      assert.equal(code, 0)
      assert.equal(stdout.trim(), '1000')
    }
  })

  test('with a server that is down and nothing under way, at once', async () => {
    const { code } = await runScript(`
      MongoStore.create({ mongoUrl: 'mongodb://127.0.0.1:9/', autoRemove: 'disabled' })
      const started = Date.now()
      setTimeout(() => process.on('exit', () => { process.exitCode = Date.now() - started > 5000 ? 1 : 0 }), 200)`)
    assert.equal(code, 0)
  })
})

describe('worker threads', () => {
  const worker = body => new Worker(`
    const { workerData: url } = require('node:worker_threads')
    const MongoStore = require('connect-mongo-native')
    ${BUSY}
    ${body}`, { eval: true, workerData: testUrl() })

  test('each has stores of its own', async () => {
    const codes = await Promise.all(Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
      worker('Promise.all(operations).then(() => store.close())').on('exit', resolve).on('error', reject)
    })))
    assert.deepEqual(codes, [0, 0, 0, 0])
  })

  test('terminating busy ones harms nobody', async () => {
    const own = MongoStore.create({ mongoUrl: testUrl(), collectionName: COLLECTION, autoRemove: 'disabled' })
    await own.clear()
    for (let round = 0; round < 20; round++) {
      const busy = worker('setInterval(() => {}, 1000)')
      await new Promise(resolve => busy.on('online', resolve))
      await sleep(round * 3)
      await busy.terminate()
    }
    await own.set('mine', { cookie: {}, n: 1 })
    assert.equal((await own.get('mine')).n, 1)
    await own.close()
  })
})
