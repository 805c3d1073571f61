'use strict'

const { parseArgs } = require('node:util')

/** What each suite can compare. */
const SUITES = {
  stores: ['native', 'connect-mongo', 'connect-redis', 'memory', 'json'],
  express: ['none', 'native', 'connect-mongo', 'connect-redis', 'memory']
}

const OPS = ['get', 'set', 'touch']
const DEFAULT_STORES = { stores: ['native', 'connect-mongo', 'connect-redis'], express: SUITES.express }
const DEFAULTS = { concurrency: [1, 128], ops: OPS, rounds: 3, seconds: 3 }
const QUICK = { rounds: 1, seconds: 1 }

const USAGE = `npm run bench [-- option…]           get, set and touch of the stores alone
npm run bench -- express [option…]   requests through Express 5 and express-session

  --stores a,b        of ${SUITES.stores.join(', ')};
                      express: of ${SUITES.express.join(', ')}
  --ops a,b           of ${OPS.join(', ')} (only the stores alone)
  --concurrency 1,8   operations at once (only the stores alone; default ${DEFAULTS.concurrency})
  --rounds n          default ${DEFAULTS.rounds}
  --seconds n         measured per trial, after a warm-up of a third of it; default ${DEFAULTS.seconds}
  --quick             ${QUICK.rounds} round of ${QUICK.seconds} s: a first impression
  --json              all figures to stdout, in JSON
  --profile folder    a CPU profile of each trial`

/** The command line in its normal form. What it does not know is an error. */
function readOptions (args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stores: { type: 'string' },
      ops: { type: 'string' },
      concurrency: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      profile: { type: 'string' },
      help: { type: 'boolean' }
    }
  })
  const [suite = 'stores', ...rest] = positionals
  among('suite', [suite, ...rest].join(' '), Object.keys(SUITES))
  const defaults = { ...DEFAULTS, ...(values.quick && QUICK) }
  return {
    suite,
    stores: values.stores?.split(',').map(name => among('store', name, SUITES[suite])) ?? DEFAULT_STORES[suite],
    ops: values.ops?.split(',').map(name => among('op', name, OPS)) ?? defaults.ops,
    concurrency: values.concurrency?.split(',').map(text => count('concurrency', text)) ?? defaults.concurrency,
    rounds: values.rounds ? count('rounds', values.rounds) : defaults.rounds,
    seconds: values.seconds ? count('seconds', values.seconds) : defaults.seconds,
    json: values.json ?? false,
    profile: values.profile,
    help: values.help ?? false
  }
}

function among (what, name, names) {
  if (names.includes(name)) return name
  throw new Error(`There is no ${what} ${name}. There are ${names.join(', ')}.`)
}

function count (what, text) {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`--${what} takes whole numbers above 0: got ${text}`)
}

module.exports = { readOptions, USAGE }
