'use strict'

// get, set and touch of each store, a few or many at once.

const path = require('node:path')
const beforeAfter = require('../before-after')
const { result } = require('../child')
const { interleave } = require('../interleave')
const { digits, summarize, table, times } = require('../report')
const { verdicts } = require('../targets')

const PROGRAM = path.join(__dirname, '..', 'trials', 'store.js')
const FIGURES = ['opsPerSecond', 'p50Micros', 'p99Micros', 'threadMicros', 'processMicros']
const CASE = ['op', 'concurrency']

async function run ({ stores, ops, concurrency, rounds, seconds, urls, before, signal, profile, progress }) {
  const cases = ops.flatMap(op => concurrency.map(concurrency => ({ op, concurrency })))
  const trials = await interleave({ stores, cases, rounds }, async trial => {
    const figures = await result(PROGRAM, { ...trial, seconds, urls, before }, { signal, profile })
    const { round, op, concurrency, store } = trial
    progress(`${round}/${rounds} ${op} ×${concurrency} ${store}: ${digits(figures.opsPerSecond)} ops/s`)
    return figures
  })
  return {
    trials,
    summary: summarize(trials, { by: CASE, figures: FIGURES, subject: 'native' }),
    comparison: beforeAfter.compare(trials, { by: CASE, figures: { opsPerSecond: 'more' } })
  }
}

function report ({ summary, comparison }, names) {
  const caseOf = ({ op, concurrency }) => `${op} ×${concurrency}`
  const head = ['', 'store', 'ops/s', 'p50 µs', 'p99 µs', 'JS thread µs/op', 'all threads µs/op', 'native does']
  const rows = summary.map(({ store, lead, ...row }) => [
    caseOf(row), names[store], ...FIGURES.map(figure => digits(row[figure])), times(lead)
  ])
  const parts = [table(head, rows, 2)]
  const targets = verdicts(summary)
  if (targets.length > 0) parts.push(table(['', 'native', 'measured', 'target', ''], targets, 2))
  const changes = beforeAfter.verdicts(comparison, { caseOf, names, titles: { opsPerSecond: 'ops/s' } })
  if (changes.length > 0) parts.push(table(beforeAfter.HEAD, changes, 3))
  return parts.join('\n\n')
}

module.exports = { report, run }
