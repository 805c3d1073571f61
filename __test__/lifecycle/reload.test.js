'use strict'

// The package loaded anew in one process, as tools do that watch files: what an earlier copy has under way
// ends as it would have, and the copies share one core.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { after, test } = require('node:test')

const { isLong } = require('../helpers/long')
const { makeSession, testUrl } = require('../helpers/stores')

const ROUNDS = isLong ? 100 : 10
const root = require('node:path').join(__dirname, '../..')
const opened = []
after(() => Promise.all(opened.map(store => store.close())))

/** A copy of the package's JavaScript. The addon stays: Node.js loads it once. */
function reload () {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(root) && !file.includes('node_modules') && !file.includes('__test__') && !file.endsWith('.node')) {
      delete require.cache[file]
    }
  }
  return require('../..')
}

test('stores of many copies work side by side', async () => {
  const copies = new Set()
  for (let round = 0; round < ROUNDS; round++) {
    const MongoStore = reload()
    copies.add(MongoStore)
    const store = MongoStore.create({ mongoUrl: testUrl(), collectionName: 'reload', autoRemove: 'disabled' })
    const pending = Array.from({ length: 50 }, (_, n) => store.set(`${round}-${n}`, makeSession({ n })))
    // Every other one is closed while it is busy; the rest live on beside the later copies.
    if (round % 2 === 0) await Promise.all([...pending, store.close()])
    else opened.push(store) && await Promise.all(pending)
  }
  assert.equal(copies.size, ROUNDS)
  for (const [index, store] of opened.entries()) assert.equal((await store.get(`${2 * index + 1}-49`)).n, 49)
})

test('no copy has threads of its own', { skip: process.platform !== 'linux' && 'threads are listed on Linux' }, () => {
  const names = fs.readdirSync('/proc/self/task').map(task => fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
  assert.equal(names.filter(name => name === 'connect-mongo').length, 1, names.join())
})
