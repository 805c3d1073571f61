'use strict'

// get, set and touch of each store, a few or many at once.

const path = require('node:path')
const { result } = require('../child')
const { interleave } = require('../interleave')
const { digits, summarize, table, times } = require('../report')
const { verdicts } = require('../targets')

const PROGRAM = path.join(__dirname, '..', 'trials', 'store.js')
const FIGURES = ['opsPerSecond', 'p50Micros', 'p99Micros', 'threadMicros', 'processMicros']

async function run ({ stores, ops, concurrency, rounds, seconds, urls, signal, profile, progress }) {
  const cases = ops.flatMap(op => concurrency.map(concurrency => ({ op, concurrency })))
  const trials = await interleave({ stores, cases, rounds }, async trial => {
    const figures = await result(PROGRAM, { ...trial, seconds, urls }, { signal, profile })
    const { round, op, concurrency, store } = trial
    progress(`${round}/${rounds} ${op} ×${concurrency} ${store}: ${digits(figures.opsPerSecond)} ops/s`)
    return figures
  })
  return { trials, summary: summarize(trials, { by: ['op', 'concurrency'], figures: FIGURES, subject: 'native' }) }
}

function report ({ summary }, names) {
  const head = ['', 'store', 'ops/s', 'p50 µs', 'p99 µs', 'JS thread µs/op', 'all threads µs/op', 'native does']
  const rows = summary.map(({ op, concurrency, store, lead, ...figures }) => [
    `${op} ×${concurrency}`, names[store], ...FIGURES.map(figure => digits(figures[figure])), times(lead)
  ])
  const parts = [table(head, rows, 2)]
  const targets = verdicts(summary)
  if (targets.length > 0) parts.push(table(['', 'native', 'measured', 'target', ''], targets, 2))
  return parts.join('\n\n')
}

module.exports = { report, run }
