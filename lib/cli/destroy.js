'use strict'

const EXIT = require('./exit-codes')
const { sessions } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, SHOW_IDS, WHERE, YES } = require('./options')
const { findSession, wantedIds } = require('./sessions')
const { readTarget, withSessions } = require('./target')

async function run (context) {
  const { output, values } = context
  const wanted = await wantedIds(context)
  return withSessions(readTarget(context), output, async store => {
    // All are looked up before any is destroyed: a beginning that means several destroys none.
    const ids = []
    for (const text of wanted) ids.push(await findSession(text, store))
    const missing = wanted.filter((_, index) => ids[index] === undefined)
    const found = ids.filter(id => id !== undefined)
    if (values.yes) await destroy(found, store.backend, output)
    report({ found: found.length, missing, yes: Boolean(values.yes) }, output)
    if (!values.yes) return EXIT.usage
    return missing.length === 0 ? EXIT.done : EXIT.trouble
  })
}

async function destroy (ids, backend, output) {
  const bar = output.progress()
  let done = 0
  await Promise.all(ids.map(async id => {
    await backend.destroy(id)
    bar.draw({ done: ++done, total: ids.length })
  })).finally(() => bar.end())
}

function report ({ found, missing, yes }, output) {
  output.document({ found, destroyed: yes ? found : 0, missing: missing.map(id => output.id(id)) })
  for (const id of missing) output.note(`There is no session ${output.id(id)}`)
  output.line(yes ? `${sessions(found)} destroyed.` : `${sessions(found)} would be destroyed. Nothing was: --yes is missing.`)
}

module.exports = {
  summary: 'destroys sessions',
  text: 'Destroys the sessions that are named, as for show. With - the ids are read from the standard input.',
  usage: '<id>… ',
  positionals: { min: 1, max: Infinity, name: 'id of a session' },
  options: { ...WHERE, ...BACKEND, ...YES, ...SHOW_IDS, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed or one of them was not there, 2 wrong usage or --yes is missing',
  run
}
