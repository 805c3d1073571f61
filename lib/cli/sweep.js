'use strict'

const EXIT = require('./exit-codes')
const { sessions } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, WHERE, YES } = require('./options')
const { LONG_TIMEOUT_MS, readTarget, withSessions } = require('./target')

/** Ids that are counted at a time. */
const PAGE = 5000

async function run (context) {
  const { output, values } = context
  const target = readTarget(context)
  return withSessions(target, output, async ({ backend }) => {
    const expired = values.yes ? await backend.sweep() : await countExpired(backend, output)
    output.document({ collection: target.collection, expired, removed: values.yes ? expired : 0 })
    output.line(values.yes
      ? `${sessions(expired)} of ${target.collection} had expired and are removed.`
      : `${sessions(expired)} of ${target.collection} have expired. Nothing was removed: --yes is missing.`)
    return values.yes ? EXIT.done : EXIT.usage
  }, LONG_TIMEOUT_MS)
}

/** By this machine's clock. The sweep goes by the server's. */
async function countExpired (backend, output) {
  const stored = await backend.count()
  const bar = output.progress()
  let live = 0
  let after = null
  do {
    const page = await backend.ids({ after, limit: PAGE })
    live += page.rows.length
    after = page.next
    bar.draw({ done: live, total: stored })
  } while (after !== null)
  bar.end()
  return Math.max(0, stored - live)
}

module.exports = {
  summary: 'removes the sessions that have expired',
  text: "Removes the sessions that have expired by the server's clock, as a store with autoRemove: 'interval' does.",
  options: { ...WHERE, ...BACKEND, ...YES, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed, 2 wrong usage or --yes is missing',
  run
}
