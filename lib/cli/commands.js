'use strict'

// Each command has
//
//   summary      one line for the list of commands
//   text         what it does, for its own help
//   options      by name: { type, short?, value?, text }
//   positionals  { min, max, name }, if it takes any; `usage` shows them in help
//   exitCodes    what they mean
//   run({ values, positionals, input, output, env }) → the exit code

const commands = {
  doctor: require('./doctor'),
  inspect: require('./inspect'),
  list: require('./list'),
  show: require('./show'),
  destroy: require('./destroy'),
  clear: require('./clear'),
  sweep: require('./sweep'),
  backfill: require('./backfill'),
  migrate: require('./migrate')
}

module.exports = { commands }
