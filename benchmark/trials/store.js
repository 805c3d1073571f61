'use strict'

// One store, one operation, one concurrency, through the callbacks that express-session uses.

const { processMicros, threadMicros } = require('../meter')
const { operationsOf, writeAll } = require('../operations')
const { percentile } = require('../report')
const { ids } = require('../sessions')
const { openStore } = require('../stores')

/** Latencies that are kept; of more, the latest. */
const LATENCIES = 1 << 21

const { store: name, op, concurrency, seconds, urls, before } = JSON.parse(process.argv[2])

run()

async function run () {
  const { store, close } = await openStore(name, urls, before)
  const operations = operationsOf(store)
  await writeAll(operations, 32)
  await drive(operations[op], concurrency, within(seconds / 3))
  const figures = await measure(operations[op])
  await close()
  process.send(figures, () => process.disconnect())
}

async function measure (operate) {
  const [thread, all, began] = [threadMicros(), processMicros(), performance.now()]
  const { done, latencies } = await drive(operate, concurrency, within(seconds))
  const elapsed = performance.now() - began
  const [threadTime, processTime] = [threadMicros() - thread, processMicros() - all]
  latencies.sort()
  return {
    opsPerSecond: done / elapsed * 1000,
    p50Micros: percentile(latencies, 0.5) * 1000,
    p99Micros: percentile(latencies, 0.99) * 1000,
    threadMicros: threadTime / done,
    processMicros: processTime / done
  }
}

function within (span) {
  const end = performance.now() + span * 1000
  return now => now < end
}

/**
 * Keeps `concurrency` operations going for as long as `goOn` says, through all ids in turn: no two at once
 * are on the same session, where a store could save work.
 */
function drive (operate, concurrency, goOn) {
  return new Promise((resolve, reject) => {
    const latencies = new Float64Array(LATENCIES)
    let started = 0
    let done = 0
    const next = began => operate(started++ % ids.length, error => {
      if (error) return reject(error)
      const now = performance.now()
      latencies[done++ % LATENCIES] = now - began
      if (goOn(now)) next(now)
      else if (done === started) resolve({ done, latencies: latencies.subarray(0, Math.min(done, LATENCIES)) })
    })
    for (let index = 0; index < concurrency; index++) next(performance.now())
  })
}
