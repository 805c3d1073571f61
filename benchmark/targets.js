'use strict'

const { digits, times } = require('./report')

// What the native backend has to reach: what a prototype did on two cores with everything on them.

/** `lead`: times connect-mongo's ops/s. `threadMicros`: CPU time of the JavaScript thread per operation. */
const TARGETS = [
  { op: 'get', concurrency: 128, lead: 12, threadMicros: 5 },
  { op: 'set', concurrency: 128, lead: 6, threadMicros: 5 },
  { op: 'touch', concurrency: 128, lead: 6, threadMicros: 5 },
  { op: 'get', concurrency: 1, lead: 1 },
  { op: 'set', concurrency: 1, lead: 1 },
  { op: 'touch', concurrency: 1, lead: 1 }
]

/** The targets as rows of a table, beside what was measured. Those that were not measured are left out. */
function verdicts (summary) {
  return TARGETS.flatMap(({ op, concurrency, lead, threadMicros }) => {
    const rowOf = name => summary.find(row => row.store === name && row.op === op && row.concurrency === concurrency)
    const reached = rowOf('connect-mongo')?.lead
    const spent = rowOf('native')?.threadMicros
    const rows = []
    if (reached) rows.push(['ops/s of connect-mongo', times(reached), `≥ ${lead}×`, met(reached >= lead)])
    if (spent && threadMicros) {
      rows.push(['JS thread µs/op', digits(spent), `≤ ${threadMicros}`, met(spent <= threadMicros)])
    }
    return rows.map(row => [`${op} ×${concurrency}`, ...row])
  })
}

function met (yes) {
  return yes ? 'met' : 'NOT met'
}

module.exports = { met, verdicts }
