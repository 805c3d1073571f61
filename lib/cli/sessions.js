'use strict'

const { once } = require('events')
const readline = require('readline')

const { idText } = require('./format')
const { UsageError } = require('./usage-error')

// Sessions by what people know of them: whole ids, or their beginnings as other commands show them.

/** Characters of a beginning that other commands show. */
const SHOWN = 6

/** Ids that are looked through at a time. */
const PAGE = 5000

/** The ids in the arguments; for '-', a line each from the input, so that no process list shows them. */
async function wantedIds ({ positionals, input }) {
  if (!positionals.includes('-')) return positionals
  if (positionals.length > 1) throw new UsageError('- stands alone: it reads ids from the standard input')
  const ids = []
  const lines = readline.createInterface({ input }).on('line', line => { if (line !== '') ids.push(line) })
  await once(lines, 'close')
  return ids
}

/**
 * The id, as the backend takes it, of the session that is meant: the one with this id, or the only one whose
 * id begins so. Undefined if there is none. Throws if there are several.
 */
async function findSession (wanted, { backend, readId, makeId }) {
  if (await backend.get(makeId(wanted)) !== null) return makeId(wanted)
  const beginning = wanted.replace(/…$/, '')
  if (beginning.length < SHOWN) throw new UsageError(`An id needs ${SHOWN} characters or more, as list shows them`)
  const found = []
  let after = null
  do {
    const page = await backend.ids({ after, limit: PAGE })
    found.push(...page.rows.filter(id => idText(readId(id)).startsWith(beginning)))
    after = page.next
  } while (after !== null && found.length < 2)
  if (found.length > 1) throw new UsageError(`Several ids begin with ${beginning.slice(0, SHOWN)}…: give more of the one`)
  return found[0]
}

/** About how many bytes a stored value takes. The core's documents are BSON, the driver's are objects. */
function sizeOf (value, documents) {
  if (value === null) return 0
  if (typeof value === 'string') return Buffer.byteLength(value)
  return Buffer.isBuffer(value) ? value.length : documents.encode(value).bytes
}

module.exports = { findSession, sizeOf, wantedIds }
