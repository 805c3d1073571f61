'use strict'

// One store and one operation, started at the times of a schedule, whether or not earlier ones have ended. A
// latency counts from the scheduled time: a store that holds up the process cannot hide what waits meanwhile.

const { Alarm } = require('../alarm')
const { operationsOf, writeAll } = require('../operations')
const { percentile } = require('../report')
const { poisson } = require('../schedule')
const { ids } = require('../sessions')
const { openStore } = require('../stores')

/** One at a time they take a minute over a round trip of 30 ms. */
const WRITES_AT_ONCE = 100

/** Before anything is measured: servers live long, and code is compiled when it has run a thousand times. */
const WARM_UP = { rate: 1000, seconds: 3 }

/** Before the first time of a schedule, in ns: a thread takes about 30 ms to start. */
const LEAD = 200_000_000n

const { store: name, op, seed, rate, seconds, urls, before } = JSON.parse(process.argv[2])

run()

async function run () {
  const { store, close } = await openStore(name, urls, before)
  const operations = operationsOf(store)
  await writeAll(operations, WRITES_AT_ONCE)
  // All of it has ended before the rest begins: a driver whose code is not compiled yet may fall behind.
  await drive(operations[op], poisson({ seed: `warm-up ${seed}`, ...WARM_UP }))
  const measured = await drive(operations[op], poisson({ seed, rate, seconds }))
  await close()
  process.send(figures(measured), () => process.disconnect())
}

function figures ({ latencies, lags }) {
  latencies.sort()
  return {
    operations: latencies.length,
    p50Micros: percentile(latencies, 0.5) * 1000,
    p99Micros: percentile(latencies, 0.99) * 1000,
    lagMicros: lags.reduce((most, lag) => Math.max(most, lag)) * 1000
  }
}

/**
 * Starts an operation at each of `times`, in ms, through all ids in turn. Resolves, when all have ended, with
 * how long after its time each ended, and started.
 */
function drive (operate, times) {
  if (times.length === 0) throw new Error('No operation falls into so short a time.')
  return new Promise((resolve, reject) => {
    const latencies = new Float64Array(times.length)
    const lags = new Float64Array(times.length)
    const origin = process.hrtime.bigint() + LEAD
    const now = () => Number(process.hrtime.bigint() - origin) / 1e6
    let started = 0
    let done = 0

    const start = index => {
      lags[index] = now() - times[index]
      operate(index % ids.length, error => {
        if (error) return reject(error)
        latencies[index] = now() - times[index]
        if (++done === times.length) finish()
      })
    }
    const startDue = () => {
      while (started < times.length && times[started] <= now()) start(started++)
      if (started < times.length) alarm.set(origin + BigInt(Math.ceil(times[started] * 1e6)))
    }
    const finish = async () => {
      await alarm.stop()
      resolve({ latencies, lags })
    }
    const alarm = new Alarm(startDue)
    startDue()
  })
}
