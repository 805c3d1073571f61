'use strict'

// Worker threads that end without closing their stores, as test runners' pools do.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { runScript } = require('../helpers/child')

const WORKERS = `
  const { Worker } = require('node:worker_threads')
  const run = body => new Promise((resolve, reject) => {
    const worker = new Worker(\`
      const MongoStore = require('connect-mongo-native')
      const store = MongoStore.create({
        mongoUrl: '\${url}', collectionName: 'workers', autoRemove: 'disabled', operationTimeoutMS: 5000
      })
      \${body}\`, { eval: true })
    worker.on('error', reject).on('exit', resolve)
  })
`

test('the next worker with the same URL works, and closes', async () => {
  // The main thread loads the package and opens no store: it never loads the addon.
  const { code, stdout, stderr } = await runScript(`${WORKERS}
    ;(async () => {
      await run("store.set('a', { cookie: {}, n: 1 }).then(() => process.exit())")
      await run("store.set('b', { cookie: {} }); setTimeout(() => process.exit(), 1)")
      await run("store.get('a').then(s => { console.log('read', s.n); return store.close() }).then(() => console.log('closed'))")
      console.log('over')
    })()
  `)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n'), ['read 1', 'closed', 'over'])
})

test('what a worker left behind counts in no bound of the process', async () => {
  const { code, stdout, stderr } = await runScript(`${WORKERS}
    ;(async () => {
      const text = "'x'.repeat(8 << 20)"
      const left = "for (let n = 0; n < 8; n++) store.set('left-' + n, { cookie: {}, text: " + text + ' }).catch(() => {});'
      for (let n = 0; n < 3; n++) await run(left + "setTimeout(() => process.exit(), 20)")
      await run("store.set('c', { cookie: {}, text: " + text + " }).then(() => store.close()).then(() => console.log('stored'))")
    })()
  `)
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trim(), 'stored')
})
