'use strict'

const EXIT = require('./exit-codes')
const { familyOf } = require('./families')
const { date, size } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, SHOW_IDS, WHERE } = require('./options')
const { findSession, sizeOf, wantedIds } = require('./sessions')
const { readTarget, withSessions } = require('./target')

async function run (context) {
  const { output } = context
  const wanted = await wantedIds(context)
  return withSessions(readTarget(context), output, async store => {
    const found = []
    for (const text of wanted) {
      const id = await findSession(text, store)
      const row = id === undefined ? null : await store.backend.get(id)
      if (row === null) output.note(`There is no session ${output.id(text)}`)
      else found.push({ id: output.id(store.readId(id)), ...readRow(row, store.documents) })
    }
    output.document({ sessions: found })
    for (const session of found) print(session, output)
    return found.length === wanted.length ? EXIT.done : EXIT.trouble
  })
}

/** `encrypted` is the family, or null; `session` what can be read of it. */
function readRow ({ value, expires, lastModified }, documents) {
  const encrypted = typeof value === 'string' ? familyOf(value) : null
  return {
    expires: expires === null ? null : date(expires),
    lastModified: lastModified === null ? null : date(lastModified),
    bytes: sizeOf(value, documents),
    encrypted,
    session: encrypted === null ? decode(value, documents) : null
  }
}

/** Whatever else an app's `serialize` has made is shown as it is. */
function decode (value, documents) {
  if (value === null) return null
  if (typeof value !== 'string') return documents.decode(value)
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function print ({ id, expires, lastModified, bytes, encrypted, session }, output) {
  output.line(`${id} expires ${date(expires)}${lastModified ? `, modified ${lastModified}` : ''}, ${size(bytes)}`)
  output.line(encrypted === null ? JSON.stringify(session, null, 2) : `It is encrypted, family ${encrypted}.`)
}

module.exports = {
  summary: 'shows what is in a session',
  text: 'Shows what is stored of sessions that have not expired. Each is named by its id, or by the beginning of it that list ' +
    'shows; with - the ids are read from the standard input, a line each, so that no process list shows them. What is ' +
    'encrypted is not decrypted.',
  usage: '<id>… ',
  positionals: { min: 1, max: Infinity, name: 'id of a session' },
  options: { ...WHERE, ...BACKEND, ...SHOW_IDS, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed or there is no such session, 2 wrong usage',
  run
}
