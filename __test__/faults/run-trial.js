'use strict'

// One trial in a process of its own: what crashes it is a figure, too.

const { writeFileSync } = require('node:fs')
const faults = require('./kinds')
const { runTrial } = require('./trial')

const { fault, subject, seed, times, clients, ledgers } = JSON.parse(process.argv[2])

runTrial(faults[fault], [subject], { seed, times, clients }).then(({ stores, ...result }) => {
  if (ledgers) writeFileSync(ledgers, JSON.stringify({ fault, subject, ...result, stores }))
  const errors = stores.flatMap(({ errors }) => errors)
  process.send?.({ subject, ...result, errors }, () => process.exit(0))
  if (!process.send) console.log(JSON.stringify({ subject, ...result, errors }, null, 1))
}, error => {
  console.error(error)
  process.exit(1)
})
