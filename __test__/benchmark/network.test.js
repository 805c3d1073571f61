'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { DelayLine } = require('../../benchmark/delay-line')
const { summarizeNetwork, verdicts } = require('../../benchmark/network-targets')
const { splitUrl } = require('../../benchmark/proxy-url')
const { poisson } = require('../../benchmark/schedule')

test('a schedule is the same for the same seed, and another for another', () => {
  const times = poisson({ seed: 'get 10 200 1', rate: 200, seconds: 3 })
  assert.deepEqual(poisson({ seed: 'get 10 200 1', rate: 200, seconds: 3 }), times)
  assert.notDeepEqual(poisson({ seed: 'get 10 200 2', rate: 200, seconds: 3 }), times)
})

test('a schedule is in order, within its time, and a Poisson process', () => {
  const times = poisson({ seed: 'any', rate: 1000, seconds: 20 })
  const gaps = times.map((time, index) => time - (times[index - 1] ?? 0))
  assert.ok(gaps.every(gap => gap >= 0))
  assert.ok(times.at(-1) < 20_000)
  // The standard deviation of the number is its root, 141, and an exponential gap is over its mean in 1/e.
  assert.ok(Math.abs(times.length - 20_000) < 4 * 141)
  assert.ok(Math.abs(gaps.filter(gap => gap > 1).length / gaps.length - 1 / Math.E) < 0.02)
})

test('a delay line keeps the order, and hands out what is due', () => {
  const line = new DelayLine(5)
  assert.equal(line.next, undefined)
  line.put('a', 0)
  line.put('b', 0)
  line.put('c', 2)
  assert.deepEqual(line.take(4), [])
  assert.equal(line.next, 5)
  assert.deepEqual(line.take(6), ['a', 'b'])
  assert.equal(line.next, 7)
  line.put('d', 6)
  assert.deepEqual(line.take(100), ['c', 'd'])
  assert.equal(line.next, undefined)
})

test('a delay line that never runs empty keeps nothing that it handed out', () => {
  const line = new DelayLine(1)
  const taken = []
  for (let now = 0; now < 5000; now++) {
    line.put(now, now)
    taken.push(...line.take(now))
  }
  assert.deepEqual(taken, Array.from({ length: 4999 }, (_, index) => index))
})

test('a URL leads to the proxy, and no further', () => {
  const plain = splitUrl('mongodb://127.0.0.1:4000/')
  assert.deepEqual([plain.host, plain.port], ['127.0.0.1', 4000])
  assert.equal(plain.proxied('localhost:1'), 'mongodb://localhost:1/?directConnection=true')
  const full = splitUrl('mongodb://me:p%40ss@db.example.org/app?directConnection=false&w=1')
  assert.deepEqual([full.host, full.port], ['db.example.org', 27017])
  assert.equal(full.proxied('localhost:1'), 'mongodb://me:p%40ss@localhost:1/app?w=1&directConnection=true')
  assert.equal(splitUrl('mongodb://[::1]:4000').host, '::1')
  assert.throws(() => splitUrl('mongodb://a,b/'), /one host/)
  assert.throws(() => splitUrl('mongodb+srv://a.example.org/'), /one host/)
})

const trial = (store, round, p50Micros, p99Micros, lagMicros = 1) => {
  return { store, op: 'get', roundTripMS: 10, rate: 200, round, p50Micros, p99Micros, lagMicros }
}
const CASE = ['op', 'roundTripMS', 'rate']

test('a latency is compared round by round, and the largest lag kept', () => {
  const trials = [
    trial('native', 1, 90, 400, 7), trial('connect-mongo', 1, 100, 500), trial('native', 2, 300, 300, 3),
    trial('connect-mongo', 2, 200, 200), trial('native', 3, 120, 90), trial('connect-mongo', 3, 100, 100)
  ]
  const [native, peer] = summarizeNetwork(trials, CASE)
  assert.deepEqual(native, {
    store: 'native', op: 'get', roundTripMS: 10, rate: 200,
    p50Micros: 120, p99Micros: 300, p50Ratio: 1.2, p99Ratio: 0.9, lagMicros: 7
  })
  assert.deepEqual([peer.p50Ratio, peer.p99Ratio], [null, null])
})

test('a network’s targets are judged store by store, and left out where there is nothing to compare', () => {
  const judged = trials => {
    const names = { native: 'by URL', borrowed: 'on a client' }
    return verdicts(summarizeNetwork(trials, CASE), { caseOf: ({ rate }) => `${rate}/s`, names })
  }
  const peer = trial('connect-mongo', 1, 100, 100)
  assert.deepEqual(judged([trial('native', 1, 102, 91), trial('borrowed', 1, 103, 105), peer]), [
    ['200/s', 'by URL', '1.020', '≤ 1.02', 'met', '0.910', '≤ 0.9', 'NOT met'],
    ['200/s', 'on a client', '1.030', '≤ 1.02', 'NOT met', '1.050', '≤ 1.05', 'met']
  ])
  assert.deepEqual(judged([trial('native', 1, 102, 91)]), [])
})
