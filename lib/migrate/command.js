'use strict'

const { inspect, parseArgs } = require('util')

const { migrate } = require('.')
const { shortId } = require('../session/ids')
const { suggestion } = require('../dialects/names')
const { ProgressBar } = require('./progress-bar')

const USAGE = `Usage: connect-mongo-native migrate --from session-mongoose --url <connection string> [options]

Moves the sessions of session-mongoose into connect-mongo's layout. Stop the apps that use the collection first, and
start none before this has ended. May be interrupted and started again.

  --collection <name>  where the sessions are (default: sessions)
  --model <name>       or the name of their Mongoose model (session-mongoose's modelName)
  --to <name>          where they go (default: the same collection)
  --ttl <seconds>      expiration for sessions that have none (default: they have none afterwards either)
  --documents          store sessions as documents (stringify: false) in place of JSON strings
  --dry-run            say what would happen, and change nothing
  --help

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but for what it lists.
`

const OPTIONS = {
  from: { type: 'string' },
  url: { type: 'string' },
  collection: { type: 'string' },
  model: { type: 'string' },
  to: { type: 'string' },
  ttl: { type: 'string' },
  documents: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean' }
}

const EXIT = { done: 0, failed: 1, usage: 2, incomplete: 3 }

/** Runs the command line. Resolves to the exit code. */
async function main (args, { stdout, stderr } = process) {
  let options
  try {
    options = read(args)
  } catch (error) {
    stderr.write(`${error.message}\n\n${USAGE}`)
    return EXIT.usage
  }
  if (options === null) {
    stdout.write(USAGE)
    return EXIT.done
  }
  const bar = new ProgressBar(stderr)
  try {
    const summary = await migrate({ ...options, onProgress: progress => bar.draw(progress) }).finally(() => bar.end())
    report(summary, stdout)
    const isDone = summary.left.length === 0 && (summary.dryRun || summary.ttlIndex)
    return isDone ? EXIT.done : EXIT.incomplete
  } catch (error) {
    const again = mayMend(error) ? ': start the same command again' : ''
    stderr.write(`${error.name}: ${withoutPassword(error.message, options.url)}\nNo session is lost${again}.\n`)
    return error instanceof TypeError || error instanceof RangeError ? EXIT.usage : EXIT.failed
  }
}

/** The options of `migrate`; null when help is wanted. */
function read (args) {
  for (const name of args.filter(arg => arg.startsWith('--')).map(arg => arg.slice(2).split('=')[0])) {
    if (!Object.hasOwn(OPTIONS, name)) throw unknown(`--${name}`, Object.keys(OPTIONS).map(known => `--${known}`))
  }
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  if (values.help) return null
  const [command = '', ...more] = positionals
  if (command !== 'migrate') throw unknown(command, ['migrate'])
  if (more.length > 0) throw new Error(`What is ${more[0]}? Names of collections are options`)
  if (values.from !== 'session-mongoose') throw new Error('--from must be session-mongoose')
  if (!values.url) throw new Error('--url is missing')
  const { url, collection, model: modelName, to, documents, 'dry-run': dryRun } = values
  return { url, collection, modelName, to, documents, dryRun, ttl: values.ttl && seconds(values.ttl) }
}

function unknown (given, known) {
  if (given === '') return new Error('The command is missing: migrate')
  return new Error(`There is no ${given.slice(0, 40)}${suggestion(given, known)}`)
}

function seconds (text) {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new Error('--ttl must be a number of seconds')
}

function report ({ database, from, to, dryRun, total, moved, alreadyMoved, left, notes }, stdout) {
  for (const note of notes) stdout.write(`${note}\n`)
  stdout.write(`${database}.${from} has ${total} rows of session-mongoose.\n`)
  stdout.write(dryRun ? `${moved} would be moved to ${to}. Nothing was changed.\n` : `${moved} were moved to ${to}.\n`)
  if (alreadyMoved > 0) {
    stdout.write(`${alreadyMoved} had been moved before${dryRun ? '' : ', and their old rows are gone now'}.\n`)
  }
  if (left.length === 0) return
  stdout.write(`${left.length} ${dryRun ? 'would stay' : 'stay'} in ${from}:\n`)
  for (const { _id, sid, reason } of left) stdout.write(`  _id ${shown(_id)}, sid ${shown(sid)}: ${reason}\n`)
}

/** On one line, and not a whole session id. */
function shown (id) {
  return typeof id === 'string' ? shortId(id).replace(/[^ -~…]/g, '?') : inspect(id, { depth: 0, breakLength: Infinity })
}

/** Unauthorized, AuthenticationFailed. */
const REFUSALS = [13, 18]

/** Whether an error may be gone the next time: of MongoDB, but not about who asks, or how. */
function mayMend ({ code, name }) {
  return /^Mongo(?!Parse|InvalidArgument|MissingDependency)/.test(name) && !REFUSALS.includes(code)
}

/** Errors quote connection strings. */
function withoutPassword (message, url) {
  return String(message).split(url).join('<url>').replace(/\/\/[^@/\s]*@/g, '//…@')
}

module.exports = { main }
