'use strict'

const EXIT = require('./exit-codes')
const { sessions } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, WHERE, YES } = require('./options')
const { LONG_TIMEOUT_MS, readTarget, withSessions } = require('./target')

async function run (context) {
  const { output, values } = context
  const target = readTarget(context)
  return withSessions(target, output, async ({ backend }) => {
    const stored = await backend.count()
    if (values.yes) await backend.clear()
    output.document({ collection: target.collection, stored, cleared: Boolean(values.yes) })
    output.line(values.yes
      ? `${sessions(stored)} of ${target.collection} destroyed.`
      : `${sessions(stored)} of ${target.collection} would be destroyed. Nothing was: --yes is missing.`)
    return values.yes ? EXIT.done : EXIT.usage
  }, LONG_TIMEOUT_MS)
}

module.exports = {
  summary: 'destroys all sessions',
  text: 'Destroys all sessions, so that everybody has to log in again. The collection stays, and so do its indexes.',
  options: { ...WHERE, ...BACKEND, ...YES, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed, 2 wrong usage or --yes is missing',
  run
}
