'use strict'

const { readNumber } = require('./arguments')
const EXIT = require('./exit-codes')
const { count, date, size, table } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, SHOW_IDS, WHERE } = require('./options')
const { sizeOf } = require('./sessions')
const { readTarget, withSessions } = require('./target')

const DEFAULT_LIMIT = 100

/** Sessions that are held in memory at a time. */
const PAGE = 500

async function run (context) {
  const { values, output } = context
  const limit = readNumber(values, 'limit', 'sessions') ?? DEFAULT_LIMIT
  return withSessions(readTarget(context), output, async ({ backend, readId, documents }) => {
    const rows = []
    let after = null
    do {
      const page = await backend.scan({ after, limit: PAGE })
      for (const row of page.rows) {
        if (limit > 0 && rows.length >= limit) break
        rows.push({ id: output.id(readId(row.id)), expires: expiresOf(row), bytes: sizeOf(row.value, documents) })
      }
      after = page.next
    } while (after !== null && (limit === 0 || rows.length < limit))
    const stored = await backend.count()
    output.document({ sessions: rows, stored })
    for (const line of table([['id', 'expires', 'size'], ...rows.map(({ id, expires, bytes }) => [id, date(expires), size(bytes)])])) {
      output.line(line)
    }
    output.line(`${count(rows.length)} shown. ${count(stored)} stored, expired ones that are not removed yet included.`)
    return EXIT.done
  })
}

function expiresOf ({ expires }) {
  return expires === null ? null : date(expires)
}

module.exports = {
  summary: 'lists the sessions that have not expired',
  text: 'Lists the sessions that have not expired, in the order of their ids: when each expires, and how large it is.',
  options: {
    ...WHERE,
    ...BACKEND,
    limit: { type: 'string', value: 'number', text: `how many at most (default: ${DEFAULT_LIMIT}; 0: all)` },
    ...SHOW_IDS,
    ...JSON_OUTPUT,
    ...HELP
  },
  exitCodes: '0 done, 1 failed, 2 wrong usage',
  run
}
