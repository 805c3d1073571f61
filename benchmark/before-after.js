'use strict'

// This clone beside another one, `before`, as the rounds' ratios of both. Nothing here measures anything.

const { groups, median, percentile, ratios } = require('./report')
const { met } = require('./targets')

/** Each store of this package and what it is in the other clone. */
const PAIRS = [['native', 'native-before'], ['borrowed', 'borrowed-before']]

/** What a rate has to be of the one before, and a latency the reverse: what is left is for noise. */
const AT_LEAST = 0.97
const AT_MOST = 1 / AT_LEAST

/**
 * For each case that both of a pair were measured in: after divided by before. `by`: the properties that make
 * a case. `figures`: by the name of what is compared, 'more' where more is better, 'less' where less is.
 */
function compare (trials, { by, figures }) {
  const rows = []
  for (const same of groups(trials, trial => JSON.stringify(by.map(name => trial[name])))) {
    for (const [after, before] of PAIRS) {
      const of = store => same.filter(trial => trial.store === store)
      for (const [figure, better] of Object.entries(figures)) {
        const sorted = ratios(of(after), of(before), figure).sort((a, b) => a - b)
        if (sorted.length === 0) continue
        rows.push({
          store: after,
          ...Object.fromEntries(by.map(name => [name, same[0][name]])),
          figure,
          better,
          median: median(sorted),
          quartiles: [percentile(sorted, 0.25), percentile(sorted, 0.75)],
          range: [sorted[0], sorted.at(-1)]
        })
      }
    }
  }
  return rows
}

const HEAD = ['after ÷ before', 'store', 'figure', 'median', 'half of the rounds', 'all rounds', 'limit', '']

/** A table's rows. `caseOf(row)` and `titles[figure]` are the words for a case and a figure. */
function verdicts (comparison, { caseOf, names, titles }) {
  return comparison.map(row => {
    const more = row.better === 'more'
    return [
      caseOf(row), names[row.store], titles[row.figure], row.median.toFixed(3), span(row.quartiles), span(row.range),
      more ? `≥ ${AT_LEAST}` : `≤ ${AT_MOST.toFixed(2)}`, met(more ? row.median >= AT_LEAST : row.median <= AT_MOST)
    ]
  })
}

function span ([low, high]) {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`
}

module.exports = { compare, HEAD, verdicts }
