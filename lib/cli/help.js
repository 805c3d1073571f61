'use strict'

const { commands } = require('./commands')

// The texts of `help`. docs/command-line.md holds the same ones, and a test compares.

const WIDTH = 110

function helpOnAll () {
  const names = Object.keys(commands)
  const longest = Math.max(...names.map(name => name.length))
  return [
    'Usage: connect-mongo-native <command> [options]',
    '',
    ...names.map(name => `  ${name.padEnd(longest)}  ${commands[name].summary}`),
    '',
    'connect-mongo-native help <command> has the options of each. MONGODB_URL says where MongoDB is.',
    'Nothing is destroyed without --yes. Ids are shown by their first 6 characters without --show-ids.',
    '',
    'Exit codes: 0 done, 1 failed or trouble found, 2 wrong usage, 3 done but for what is listed.',
    ''
  ].join('\n')
}

function helpOn (name) {
  const { usage = '', options, text, exitCodes } = commands[name]
  const entries = Object.entries(options).map(([option, spec]) => [nameOf(option, spec), spec.text])
  const longest = Math.max(...entries.map(([left]) => left.length))
  return [
    `Usage: connect-mongo-native ${name} ${usage}[options]`,
    '',
    ...wrap(text, ''),
    '',
    ...entries.flatMap(([left, right]) => wrap(right, `  ${left.padEnd(longest)}  `)),
    '',
    `Exit codes: ${exitCodes}.`,
    ''
  ].join('\n')
}

function nameOf (option, { short, value }) {
  return `${short ? `-${short}, ` : ''}--${option}${value ? ` <${value}>` : ''}`
}

/** Lines of a text: the first after `prefix`, the others below its end. */
function wrap (text, prefix) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === '') lines[lines.length - 1] = word
    else if (prefix.length + line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.map((line, index) => (index === 0 ? prefix : ' '.repeat(prefix.length)) + line)
}

module.exports = { helpOn, helpOnAll }
