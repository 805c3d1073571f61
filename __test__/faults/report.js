'use strict'

const { digits, groups, table } = require('../../benchmark/report')

const HEAD = [
  'fault', 'store', 'times', 'operations', 'acknowledged', 'failed', 'lost', 'resurrected', 'created twice', 'unsettled',
  'other', 'not promised', 'per second', 'longest wait'
]

const SUMS = [
  'times', 'operations', 'acknowledged', 'failed', 'lost', 'resurrected', 'createdTwice', 'unsettled', 'others', 'unpromised'
]

/** The table of trials: the sums of each fault's and subject's rounds. */
function reportOf (results) {
  const rows = groups(results, ({ fault, subject }) => `${fault}\n${subject}`).map(rounds => {
    const [{ fault, subject }] = rounds
    const skipped = rounds.find(({ skipped }) => skipped)
    if (skipped) return [fault, subject, skipped.skipped, ...HEAD.slice(3).map(() => '')]
    const finished = rounds.filter(({ crashed }) => !crashed)
    const sum = name => finished.reduce((total, round) => total + round[name], 0)
    if (finished.length < rounds.length) return [fault, subject, 'crashed', ...HEAD.slice(3).map(() => '')]
    const rate = Math.round(sum('operations') / sum('seconds')).toLocaleString('en')
    const longest = Math.max(...finished.map(({ longestMS }) => longestMS))
    return [fault, subject, ...SUMS.map(name => sum(name).toLocaleString('en')), rate, `${digits(longest / 1000)} s`]
  })
  return table(HEAD, rows, 2)
}

module.exports = { reportOf }
