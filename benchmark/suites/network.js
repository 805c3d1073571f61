'use strict'

// get, set and touch at a fixed rate, over a network that is as far as one says.

const path = require('node:path')
const beforeAfter = require('../before-after')
const { during, result } = require('../child')
const { interleave } = require('../interleave')
const { summarizeNetwork, verdicts } = require('../network-targets')
const { splitUrl } = require('../proxy-url')
const { digits, table } = require('../report')

const PROXY = path.join(__dirname, '..', 'trials', 'proxy.js')
const PING = path.join(__dirname, '..', 'trials', 'ping.js')
const PROGRAM = path.join(__dirname, '..', 'trials', 'open-loop.js')
const CASE = ['op', 'roundTripMS', 'rate']

async function run (options) {
  const { stores, ops, roundTrips, rates, rounds, urls, progress } = options
  const pings = [{ roundTripMS: 0, ...await ping(urls.mongo, options) }]
  for (const roundTripMS of roundTrips) {
    pings.push({ roundTripMS, ...await overNetwork(roundTripMS, options, url => ping(url, options)) })
    progress(`round trip of ${roundTripMS} ms: a ping takes ${pings.at(-1).pingMS.toFixed(2)} ms`)
  }
  const cases = roundTrips.flatMap(roundTripMS => rates.flatMap(rate => ops.map(op => ({ op, roundTripMS, rate }))))
  const trials = await interleave({ stores, cases, rounds }, async trial => {
    const figures = await overNetwork(trial.roundTripMS, options, url => measure(trial, url, options))
    progress(`${trial.round}/${rounds} ${caseOf(trial)} ${trial.store}: ${inMS(figures)}`)
    return figures
  })
  return {
    pings,
    trials,
    summary: summarizeNetwork(trials, CASE),
    comparison: beforeAfter.compare(trials, { by: CASE, figures: { p50Micros: 'less', p99Micros: 'less' } })
  }
}

/** Puts a proxy before the server for as long as `body(url)` takes. */
function overNetwork (roundTripMS, { urls, signal }, body) {
  const { host, port, proxied } = splitUrl(urls.mongo)
  return during(PROXY, { host, port, roundTripMS }, { signal }, ({ address }) => body(proxied(address)))
}

function ping (url, { signal }) {
  return result(PING, { url }, { signal })
}

function measure (trial, url, { seconds, before, signal, profile }) {
  // All stores of a round find the same schedule, and each round another.
  const seed = [...CASE.map(name => trial[name]), trial.round].join(' ')
  return result(PROGRAM, { ...trial, seed, seconds, before, urls: { mongo: url } }, { signal, profile })
}

function inMS ({ p50Micros, p99Micros, lagMicros }) {
  const ms = micros => digits(micros / 1000)
  return `p50 ${ms(p50Micros)}, p99 ${ms(p99Micros)} ms; at most ${ms(lagMicros)} ms behind the schedule`
}

function caseOf ({ op, roundTripMS, rate }) {
  return `${op} ${roundTripMS} ms ${rate}/s`
}

function report ({ pings, summary, comparison }, names) {
  const [direct, ...distant] = pings.map(({ roundTripMS, pingMS }) => {
    return `${pingMS.toFixed(2)} ms ${roundTripMS === 0 ? 'without the proxy' : `over ${roundTripMS} ms`}`
  })
  const head = ['', 'store', 'p50 ms', 'p99 ms', 'p50 ÷ connect-mongo', 'p99 ÷ connect-mongo', 'largest lag ms']
  const rows = summary.map(row => [
    caseOf(row), names[row.store], digits(row.p50Micros / 1000), digits(row.p99Micros / 1000),
    row.p50Ratio?.toFixed(3) ?? '', row.p99Ratio?.toFixed(3) ?? '', digits(row.lagMicros / 1000)
  ])
  const parts = [`A ping takes ${direct}; with it, ${distant.join(', ')}.`, table(head, rows, 2)]
  const targets = verdicts(summary, { caseOf, names })
  if (targets.length > 0) {
    parts.push(table(['÷ connect-mongo', 'store', 'p50', 'target', '', 'p99', 'target', ''], targets, 2))
  }
  const changes = beforeAfter.verdicts(comparison, { caseOf, names, titles: { p50Micros: 'p50', p99Micros: 'p99' } })
  if (changes.length > 0) parts.push(table(beforeAfter.HEAD, changes, 3))
  return parts.join('\n\n')
}

module.exports = { report, run }
