'use strict'

const backends = require('../backends')
const modern = require('../dialects/modern')
const { Backfill } = require('../store/backfill')
const { fieldsOf } = require('../store/fields')
const { withNamedHooks } = require('../store/hooks')
const { codecOf } = require('../store/layers')
const { appOptions, loadOptions } = require('./checks/app-options')
const EXIT = require('./exit-codes')
const { count, sessions } = require('./format')
const { BACKEND, HELP, JSON_OUTPUT, OPTIONS, WHERE } = require('./options')
const { LONG_TIMEOUT_MS } = require('./target')
const { UsageError } = require('./usage-error')

// connect-mongo-native backfill: the option `fields` for the sessions that were stored without it.

async function run (context) {
  const { output, values } = context
  if (values.options === undefined) throw new UsageError('--options is missing: a file with the options of your store')
  const options = appOptions(await loadOptions(values.options), context)
  output.hide(options.mongoUrl)
  const form = formOf(options, values.options)
  const kind = backends[form.backend]
  const { documents } = kind
  const codec = codecOf(form, kind)
  const fields = fieldsOf(form, codec, kind)
  const backend = kind.open(form)
  backend.onEvent((kind, code, text) => { if (kind === 'warning') output.note(text) })
  const bar = output.progress()
  try {
    const result = await new Backfill(backend, { codec, documents, fields })
      .run({ onProgress: progress => bar.draw(progress) })
      .finally(() => bar.end())
    return report(result, form, output)
  } finally {
    await backend.close()
  }
}

/** The normalized options of the app's store, which leaves the TTL index alone. */
function formOf (options, file) {
  let form
  try {
    form = withNamedHooks(modern.normalize({ operationTimeoutMS: LONG_TIMEOUT_MS, ...options, autoRemove: 'disabled' }))
  } catch (error) {
    throw new UsageError(error.message)
  }
  if (form.fields) return form
  throw new UsageError(`--options ${file} has no option fields: an object of functions, like { userId: session => session.userId }`)
}

function report (result, { collection, fields }, output) {
  const { sessions: read, written, gone, unreadable, changing } = result
  output.document({ collection, fields: Object.keys(fields), ...result })
  output.line(`${Object.keys(fields).join(', ')} written for ${count(written)} of ${sessions(read)} of ${collection}.`)
  if (read === 0) output.note(`There is nothing in ${collection} that has not expired.`)
  if (gone > 0) output.line(`${count(gone)} had gone meanwhile.`)
  if (unreadable > 0) output.line(`${count(unreadable)} cannot be read: they are left as they are. Is it the right secret?`)
  if (changing > 0) output.line(`${count(changing)} were saved again and again meanwhile: start the command once more.`)
  return unreadable + changing > 0 ? EXIT.incomplete : EXIT.done
}

module.exports = {
  summary: 'writes the option fields for the sessions that were stored without it',
  text: 'Computes the fields that your store declares with its option fields for each session that has not expired, and writes ' +
    'them beside it, with their indexes. The app may run meanwhile: a session that it saves keeps the fields of the save. ' +
    'May be interrupted and started again.',
  options: { ...OPTIONS, ...WHERE, ...BACKEND, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed, 2 wrong usage, 3 done but for what it lists',
  run
}
