'use strict'

const { readArguments, unknown } = require('./arguments')
const { commands } = require('./commands')
const EXIT = require('./exit-codes')
const { helpOn, helpOnAll } = require('./help')
const { Output } = require('./output')
const { UsageError } = require('./usage-error')
const { version } = require('../../package.json')

// npx connect-mongo-native …: from the arguments to the exit code. What a command does is in the file of its
// name.

/** Runs the command line. Resolves to the exit code. */
async function main (args, { stdin, stdout, stderr, env } = process) {
  const [name = '', ...rest] = args
  const output = new Output({ stdout, stderr })
  try {
    if (['help', '--help', '-h'].includes(name)) return help(rest, output)
    if (['--version', '-v'].includes(name)) return print(output, `${version}\n`)
    const command = find(name)
    const { values, positionals } = readArguments(command, rest)
    if (values.help) return print(output, helpOn(name))
    output.json = values.json
    output.showsIds = values['show-ids']
    output.hide(values.url ?? env.MONGODB_URL)
    return await command.run({ values, positionals, input: stdin, output, env })
  } catch (error) {
    if (!(error instanceof UsageError)) {
      output.fail(error)
      return EXIT.trouble
    }
    const topic = Object.hasOwn(commands, name) ? ` ${name}` : ''
    output.note(`${error.message}\n\nUsage: connect-mongo-native${topic || ' <command>'} [options]\n` +
      `connect-mongo-native help${topic} says more.`)
    return EXIT.usage
  }
}

function help ([name, ...more], output) {
  if (more.length > 0) throw new UsageError('help takes one command')
  if (name !== undefined) find(name)
  return print(output, name === undefined ? helpOnAll() : helpOn(name))
}

function print (output, text) {
  output.write(text)
  return EXIT.done
}

function find (name) {
  if (Object.hasOwn(commands, name)) return commands[name]
  if (name === '') throw new UsageError(`The command is missing: ${Object.keys(commands).join(', ')}`)
  if (name.startsWith('-')) throw new UsageError('The command comes first, then its options')
  throw unknown(name, [...Object.keys(commands), 'help'])
}

module.exports = { main }
