'use strict'

// What the stores have to reach over a network, where connect-mongo sends each operation at once. Nothing
// here measures anything.

const { met } = require('./targets')
const { groups, median, ratio } = require('./report')

const PEER = 'connect-mongo'

/**
 * Latencies as parts of connect-mongo's. The median: no operation waits for another one's round trip, and
 * 0.02 is for noise. The 99th percentile: the core's I/O has a thread of its own, a borrowed client's has
 * not.
 */
const TARGETS = { native: { p50: 1.02, p99: 0.9 }, borrowed: { p50: 1.02, p99: 1.05 } }

/**
 * A row for each store in each case: medians of the rounds, the medians of the rounds' ratios to connect-
 * mongo, and the largest lag behind the schedule of all rounds. `by`: the properties that make a case.
 */
function summarizeNetwork (trials, by) {
  return groups(trials, trial => JSON.stringify(by.map(name => trial[name]))).flatMap(same => {
    const peers = same.filter(({ store }) => store === PEER)
    return groups(same, ({ store }) => store).map(mine => {
      const toPeer = figure => mine[0].store === PEER ? null : ratio(mine, peers, figure)
      return {
        store: mine[0].store,
        ...Object.fromEntries(by.map(name => [name, mine[0][name]])),
        p50Micros: median(mine.map(trial => trial.p50Micros)),
        p99Micros: median(mine.map(trial => trial.p99Micros)),
        p50Ratio: toPeer('p50Micros'),
        p99Ratio: toPeer('p99Micros'),
        lagMicros: Math.max(...mine.map(trial => trial.lagMicros))
      }
    })
  })
}

/** The targets as rows of a table, beside what was measured. Those that were not measured are left out. */
function verdicts (summary, { caseOf, names }) {
  return summary.filter(({ store, p50Ratio }) => TARGETS[store] && p50Ratio !== null).map(row => {
    const { p50, p99 } = TARGETS[row.store]
    return [
      caseOf(row), names[row.store],
      row.p50Ratio.toFixed(3), `≤ ${p50}`, met(row.p50Ratio <= p50),
      row.p99Ratio.toFixed(3), `≤ ${p99}`, met(row.p99Ratio <= p99)
    ]
  })
}

module.exports = { summarizeNetwork, verdicts }
