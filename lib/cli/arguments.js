'use strict'

// util.parseArgs is part of Node.js, and reads all that is needed here: a parser from npm would be the only
// dependency of this package. What it lacks is errors that name the nearest right name.
const { parseArgs } = require('util')

const { suggestion } = require('../dialects/names')
const { UsageError } = require('./usage-error')

/** `{ values, positionals }` of a command's arguments. Throws a UsageError for whatever it does not know. */
function readArguments ({ options, positionals: wanted = {} }, args) {
  const { tokens, values, positionals } = parseArgs({
    args, options: forParser(options), allowPositionals: true, strict: false, tokens: true
  })
  const seen = new Set()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    check(token, options, wanted)
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is there twice`)
    seen.add(token.name)
  }
  const { min = 0, max = 0, name = 'argument' } = wanted
  if (values.help !== true && positionals.length < min) throw new UsageError(`The ${name} is missing`)
  if (positionals.length > max) throw new UsageError(`What is ${shortened(positionals[max])}? Names are given with options`)
  return { values, positionals }
}

/** What may be the id of a session is not repeated whole. */
function shortened (text) {
  return text.length > 20 ? `${text.slice(0, 6)}…` : text
}

/** parseArgs refuses what it does not know, such as our texts. */
function forParser (options) {
  const entries = Object.entries(options).map(([name, { type, short }]) => [name, short ? { type, short } : { type }])
  return Object.fromEntries(entries)
}

function check ({ name, rawName, value, inlineValue }, options, { name: wanted }) {
  if (!Object.hasOwn(options, name)) {
    // One session id in 64 of express-session's begins like an option.
    if (wanted !== undefined && !rawName.startsWith('--')) {
      throw new UsageError(`There is no ${rawName}. What begins with a - and is no option goes behind --`)
    }
    throw unknown(rawName, Object.keys(options).map(known => `--${known}`))
  }
  if (options[name].type === 'boolean') {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`)
  } else if (value === undefined || (value === '' && !options[name].mayBeEmpty) || (!inlineValue && /^-./.test(value))) {
    throw new UsageError(`--${name} takes a value: <${options[name].value}>`)
  }
}

function unknown (given, known) {
  return new UsageError(`There is no ${given.slice(0, 40)}${suggestion(given, known)}`)
}

/** Of an option: a number of `unit`, 0 or more; undefined if it is not there. */
function readNumber (values, name, unit) {
  const text = values[name]
  if (text === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new UsageError(`--${name} must be a number of ${unit}`)
}

/** Of an option: one of these words; undefined if it is not there. */
function readWord (values, name, words) {
  const word = values[name]
  if (word === undefined || words.includes(word)) return word
  throw new UsageError(`--${name} must be ${words.join(' or ')}${suggestion(word, words)}`)
}

module.exports = { readArguments, readNumber, readWord, unknown }
