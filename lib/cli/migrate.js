'use strict'

const { migrate } = require('../migrate')
const { readNumber } = require('./arguments')
const EXIT = require('./exit-codes')
const { HELP, JSON_OUTPUT, SHOW_IDS, WHERE } = require('./options')
const { noteOfPassword, readTarget, withDatabase } = require('./target')
const { UsageError } = require('./usage-error')

// connect-mongo-native migrate: sessions of another package made sessions of connect-mongo's layout.

const options = {
  from: { type: 'string', value: 'package', text: 'session-mongoose, connect-mongodb-session or connect-redis' },
  'id-field': { type: 'string', value: 'name', text: "connect-mongodb-session's idField (default: _id)" },
  'expires-key': { type: 'string', value: 'name', text: "connect-mongodb-session's expiresKey (default: expires)" },
  'redis-url': { type: 'string', value: 'connection string', text: 'where Redis is (or the environment variable REDIS_URL)' },
  prefix: { type: 'string', value: 'text', mayBeEmpty: true, text: "connect-redis's prefix (default: sess:)" },
  ...WHERE,
  model: { type: 'string', value: 'name', text: "or the name of the sessions' Mongoose model (session-mongoose's modelName)" },
  to: { type: 'string', value: 'name', text: 'the collection that they go to (default: the same one; of connect-redis, sessions)' },
  ttl: { type: 'string', value: 'seconds', text: 'expiration for sessions that have none (default: they have none afterwards either)' },
  documents: { type: 'boolean', text: 'store sessions as documents (stringify: false) in place of JSON strings' },
  'dry-run': { type: 'boolean', text: 'say what would happen, and change nothing' },
  ...SHOW_IDS,
  ...JSON_OUTPUT,
  ...HELP
}

async function run (context) {
  const { values, output } = context
  if (values.from === undefined) throw new UsageError('--from is missing: session-mongoose, connect-mongodb-session or connect-redis')
  const target = readTarget(context)
  const ttl = readNumber(values, 'ttl', 'seconds')
  const { from, 'id-field': idField, 'expires-key': expiresKey, prefix } = values
  noteOfPassword(output, values, 'redis-url', 'REDIS_URL')
  const redisUrl = values['redis-url'] ?? (from === 'connect-redis' ? context.env.REDIS_URL : undefined)
  const { collection, model: modelName, to, documents, 'dry-run': dryRun } = values
  const bar = output.progress()
  try {
    const rest = { collection, modelName, to, documents, dryRun, ttl, onProgress: progress => bar.draw(progress) }
    const summary = await withDatabase(target, 'migrate', db => migrate({ db, from, idField, expiresKey, redisUrl, prefix, ...rest }))
      .finally(() => bar.end())
    report(summary, from, output)
    const isDone = summary.left.length === 0 && (summary.dryRun || summary.ttlIndex)
    return isDone ? EXIT.done : EXIT.incomplete
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message)
    output.fail(error)
    output.note(`No session is lost${from === 'connect-redis' || mayMend(error) ? ': start the same command again' : ''}.`)
    return EXIT.trouble
  }
}

function report ({ left, ...summary }, packageName, output) {
  const { database, from, to, dryRun, total, moved, alreadyMoved, notes } = summary
  const isCopied = packageName === 'connect-redis'
  const shown = left.map(({ _id, sid, reason }) => {
    return { ...!isCopied && { _id: output.id(_id) }, sid: output.id(sid), reason }
  })
  output.document({ ...summary, left: shown })
  for (const note of notes) output.line(note)
  const done = isCopied ? 'copied' : 'moved'
  output.line(isCopied
    ? `Redis has ${total} sessions under ${from}.`
    : `${database}.${from} has ${total} rows of ${packageName}.`)
  output.line(dryRun ? `${moved} would be ${done} to ${to}. Nothing was changed.` : `${moved} were ${done} to ${to}.`)
  if (alreadyMoved > 0) {
    output.line(`${alreadyMoved} had been ${done} before${dryRun || isCopied ? '' : ', and their old rows are gone now'}.`)
  }
  if (left.length === 0) return
  output.line(`${left.length} ${dryRun ? 'would stay' : 'stay'} in ${from}:`)
  for (const { _id, sid, reason } of shown) output.line(`  ${isCopied ? '' : `_id ${_id}, `}sid ${sid}: ${reason}`)
}

/** Unauthorized, AuthenticationFailed. */
const REFUSALS = [13, 18]

/** Whether an error may be gone the next time: of MongoDB, but not about who asks, or how. */
function mayMend ({ code, name }) {
  return /^Mongo(?!Parse|InvalidArgument|MissingDependency)/.test(name) && !REFUSALS.includes(code)
}

module.exports = {
  summary: "moves another package's sessions to connect-mongo's layout",
  text: "Moves the sessions of session-mongoose or connect-mongodb-session into connect-mongo's layout, and copies those of connect-redis. " +
    'Stop the apps that use these sessions first, and start none before this has ended. May be interrupted and started again. Needs the ' +
    'package mongodb; for connect-redis also redis or ioredis.',
  options,
  exitCodes: '0 done, 1 failed, 2 wrong usage, 3 done but for what it lists',
  run
}
