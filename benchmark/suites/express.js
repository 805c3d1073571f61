'use strict'

// Requests through Express 5 and express-session, with and without a store behind them.

const path = require('node:path')
const beforeAfter = require('../before-after')
const { during, result } = require('../child')
const { interleave } = require('../interleave')
const { digits, summarize, table, times } = require('../report')

const SERVER = path.join(__dirname, '..', 'trials', 'server.js')
const LOAD = path.join(__dirname, '..', 'trials', 'load.js')
const FIGURES = ['requestsPerSecond', 'p50Micros', 'p99Micros', 'threadMicros', 'processMicros']

const CONNECTIONS = 64

/** express-session makes a `get` and a `touch` of the first, a `get` and a `set` of the second. */
const CASES = [{ request: 'read' }, { request: 'change' }]

async function run ({ stores, rounds, seconds, urls, before, signal, profile, progress }) {
  const trials = await interleave({ stores, cases: CASES, rounds }, async ({ round, request, store }) => {
    const loggedIn = store !== 'none'
    const figures = await during(SERVER, { store, urls, before }, { signal, profile }, ({ port }) => {
      return result(LOAD, { port, request, connections: CONNECTIONS, seconds, loggedIn }, { signal })
    })
    progress(`${round}/${rounds} ${request} ${store}: ${digits(figures.requestsPerSecond)} requests/s`)
    return figures
  })
  return {
    trials,
    summary: summarize(trials, { by: ['request'], figures: FIGURES, subject: 'native' }),
    comparison: beforeAfter.compare(trials, { by: ['request'], figures: { requestsPerSecond: 'more' } })
  }
}

function report ({ summary, comparison }, names) {
  const head = ['', 'store', 'requests/s', 'p50 µs', 'p99 µs', 'JS thread µs', 'all threads µs', 'native does']
  const rows = summary.map(({ request, store, lead, ...figures }) => [
    request, names[store], ...FIGURES.map(figure => digits(figures[figure])), times(lead)
  ])
  const parts = [table(head, rows, 2)]
  const titles = { requestsPerSecond: 'requests/s' }
  const changes = beforeAfter.verdicts(comparison, { caseOf: ({ request }) => request, names, titles })
  if (changes.length > 0) parts.push(table(beforeAfter.HEAD, changes, 3))
  return parts.join('\n\n')
}

module.exports = { report, run }
