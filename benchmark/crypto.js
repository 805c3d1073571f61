'use strict'

// Encrypted sessions: how many gets a second, and what they do to the event loop, beside connect-mongo 6.
//
//   MONGODB_URL=mongodb://… CONNECT_MONGO_NATIVE_LIBRARY_PATH=… node benchmark/crypto.js
//
// Each pair of lines is of a fresh process. 32 gets are under way at a time, of 2,000 rows that we wrote, or
// connect-mongo 6, each with a salt of its own. `first`: each row for the first time; `again`: a second time.

const { execFileSync } = require('node:child_process')
const { monitorEventLoopDelay, performance } = require('node:perf_hooks')

const ROWS = 2000
const CONCURRENCY = 32
const url = process.env.MONGODB_URL

const openings = {
  'connect-mongo 6': options => require('connect-mongo-6').MongoStore.create(options),
  ours: options => require('..').create(options)
}
const stores = []
const open = (name, rows) => {
  stores.push(openings[name]({
    mongoUrl: url, dbName: 'connect-mongo-benchmark', collectionName: `crypto-${rows.replace(' ', '-')}`,
    crypto: { secret: 'AAbb12!!xx' }
  }))
  return stores.at(-1)
}

const call = (store, method, ...args) => new Promise((resolve, reject) =>
  store[method](...args, (error, value) => error ? reject(error) : resolve(value)))

async function each (operation) {
  let next = 0
  const lane = async () => { while (next < ROWS) await operation(`s${next++}`) }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
}

async function measure (name, rows) {
  const store = open(name, rows)
  await call(store, 'get', 'none') // connected, and its own key made
  for (const round of ['first', 'again']) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const [start, usage] = [performance.now(), performance.eventLoopUtilization()]
    await each(sid => call(store, 'get', sid))
    const seconds = (performance.now() - start) / 1000
    delay.disable()
    const { active } = performance.eventLoopUtilization(usage)
    console.log([
      name.padEnd(16), `rows of ${rows}`.padEnd(24), round.padEnd(6), `${Math.round(ROWS / seconds)} gets/s`.padStart(14),
      `${(active / ROWS).toFixed(3)} ms of the thread each`.padStart(30),
      `delay p50 ${ms(delay.percentile(50))} p99 ${ms(delay.percentile(99))} max ${ms(delay.max)} ms`
    ].join(' '))
  }
}

/** Less the timer's own millisecond. */
const ms = nanoseconds => Math.max(0, nanoseconds / 1e6 - 1).toFixed(1)

async function main ([name, rows]) {
  if (rows) await measure(name, rows)
  else if (name) await each(sid => call(writer(name), 'set', sid, { cookie: {}, user: sid, text: 'x'.repeat(400) }))
  else {
    const run = (...args) => execFileSync(process.execPath, [__filename, ...args], { stdio: 'inherit' })
    for (const writer of Object.keys(openings)) run(writer)
    for (const reader of Object.keys(openings)) for (const writer of Object.keys(openings)) run(reader, writer)
  }
  await Promise.all(stores.map(store => store.close()))
}

const writer = name => stores[0] ?? open(name, name)

main(process.argv.slice(2))
