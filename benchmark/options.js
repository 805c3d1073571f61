'use strict'

const path = require('node:path')
const { parseArgs } = require('node:util')

const OPS = ['get', 'set', 'touch']

/** This package as another clone has it. */
const BEFORE = ['native-before', 'borrowed-before']

/** This package with an option that costs something. */
const WITH = ['conflicts', 'fields', 'max-lifetime']

/**
 * What each suite can compare, what it does without options, and what is less with --quick, so that it takes
 * about half a minute.
 */
const SUITES = {
  stores: {
    stores: ['native', 'borrowed', ...BEFORE, ...WITH, 'connect-mongo', 'connect-redis', 'memory', 'json'],
    defaults: {
      stores: ['native', 'connect-mongo', 'connect-redis'], ops: OPS, concurrency: [1, 128], rounds: 3, seconds: 3
    },
    quick: { ops: ['get', 'set'], rounds: 1, seconds: 1 }
  },
  express: {
    stores: ['none', 'native', 'borrowed', ...BEFORE, 'connect-mongo', 'connect-redis', 'memory'],
    defaults: { stores: ['none', 'native', 'connect-mongo', 'connect-redis', 'memory'], rounds: 3, seconds: 3 },
    quick: { rounds: 1, seconds: 1 }
  },
  network: {
    stores: ['native', 'borrowed', ...BEFORE, 'connect-mongo'],
    defaults: {
      stores: ['native', 'borrowed', 'connect-mongo'],
      ops: OPS, roundTrips: [1, 10, 30], rates: [200, 2000], rounds: 5, seconds: 3
    },
    quick: { ops: ['get', 'set'], roundTrips: [10], rounds: 1, seconds: 1 }
  }
}

/** What --before compares where --stores does not say. */
const PAIRS = ['native', 'native-before', 'borrowed', 'borrowed-before']

const { stores, express, network } = SUITES

const USAGE = `npm run bench [-- option…]           get, set and touch of the stores alone
npm run bench -- express [option…]   requests through Express 5 and express-session
npm run bench -- network [option…]   get, set and touch at a fixed rate, over a slow network

  --stores a,b        of ${stores.stores.join(', ')};
                      express: of ${express.stores.join(', ')};
                      network: of ${network.stores.join(', ')}
  --before folder     another built clone of this package, for ${BEFORE.join(' and ')};
                      without --stores, it and this one are compared
  --ops a,b           of ${OPS.join(', ')} (not express)
  --concurrency 1,8   operations at once (only the stores alone; default ${stores.defaults.concurrency})
  --round-trips 1,10  ms to the server and back (only network; default ${network.defaults.roundTrips})
  --rates 200,2000    operations a second (only network; default ${network.defaults.rates})
  --rounds n          default ${stores.defaults.rounds}; network: ${network.defaults.rounds}
  --seconds n         measured per trial, after a warm-up of a third of it (network: of 3 s); default ${stores.defaults.seconds}
  --quick             a first impression in about half a minute, once everything is built: ${stores.quick.rounds} round of
                      ${stores.quick.seconds} s without touch; network: at ${network.quick.roundTrips} ms alone
  --json              all figures to stdout, in JSON
  --profile folder    a CPU profile of each trial`

/** The command line in its normal form. What it does not know is an error. */
function readOptions (args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stores: { type: 'string' },
      before: { type: 'string' },
      ops: { type: 'string' },
      concurrency: { type: 'string' },
      'round-trips': { type: 'string' },
      rates: { type: 'string' },
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
  const { defaults: usual, quick } = SUITES[suite]
  const defaults = { ...usual, ...(values.before && { stores: PAIRS }), ...(values.quick && quick) }
  const named = (what, names) => values[what]?.split(',').map(name => among(what.slice(0, -1), name, names))
  const counts = what => values[what]?.split(',').map(text => count(what, text))
  return {
    suite,
    stores: needing(values.before, named('stores', SUITES[suite].stores) ?? defaults.stores),
    before: values.before && path.resolve(values.before),
    ops: named('ops', OPS) ?? defaults.ops,
    concurrency: counts('concurrency') ?? defaults.concurrency,
    roundTrips: counts('round-trips') ?? defaults.roundTrips,
    rates: counts('rates') ?? defaults.rates,
    rounds: values.rounds ? count('rounds', values.rounds) : defaults.rounds,
    seconds: values.seconds ? count('seconds', values.seconds) : defaults.seconds,
    json: values.json ?? false,
    profile: values.profile,
    help: values.help ?? false
  }
}

/** The stores, if --before is there for those that need it. */
function needing (before, stores) {
  const missing = before ? undefined : stores.find(store => BEFORE.includes(store))
  if (missing === undefined) return stores
  throw new Error(`The store ${missing} is of another clone: --before <folder> says which.`)
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
