'use strict'

// npm run mutations: breaks behaviours on purpose, one at a time, and sees the tests fail.
//
// Each mutation replaces one piece of source text, which must be there exactly once, and names the tests that
// must notice.

const fs = require('node:fs')
const path = require('node:path')
const { root, main, run } = require('./run')

const MUTATIONS = [
  {
    breaks: 'sessions live as long as `ttl` says',
    file: 'lib/session/dates.js',
    replace: ['now + ttlMS', 'now + 1000'],
    test: 'store/ttl.test.js'
  },
  {
    breaks: 'callbacks are never called synchronously, and a throwing one is the app\'s own uncaught exception',
    file: 'lib/dialects/modern.js',
    replace: ['else process.nextTick(callback, null, value)', 'else callback(null, value)'],
    test: 'store/callbacks.test.js'
  },
  {
    breaks: '`create` comes before `set`',
    file: 'lib/store.js',
    replace: ["this.#announce(outcome === 'created' ? 'create' : 'update', sid)", 'void outcome'],
    test: 'store/events.test.js'
  },
  {
    breaks: 'an id is shown by its first six characters',
    file: 'lib/session/ids.js',
    replace: ['slice(0, 6)', 'slice(0, 60)'],
    test: 'store/bad-input.test.js'
  },
  {
    breaks: 'a row that has expired is not found',
    file: 'src/layout.rs',
    replace: ['Self::At(millis) => millis > latest_expired', 'Self::At(_) => latest_expired > 0'],
    test: 'store/ttl.test.js'
  },
  {
    breaks: 'operations that wait leave together',
    file: 'src/engine.rs',
    replace: ['const MAX_LOOKUPS: usize = 256', 'const MAX_LOOKUPS: usize = 1'],
    test: 'backends/grouping.test.js'
  },
  {
    breaks: 'an id is in one command at a time',
    file: 'src/line.rs',
    replace: ['(self.writing.is_none() && self.may_write_beside_reading(head))', '(self.may_write_beside_reading(head))'],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'failures that may mend are tried again until the deadline',
    file: 'src/delivery.rs',
    replace: ['} else if retryable.is_some() && failure::is_retryable(&error)', '} else if false && failure::is_retryable(&error)'],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'the next write of an id fences off one that was never answered',
    file: 'src/writes.rs',
    replace: ['work.fences.unanswered(session, ids.iter().cloned());', 'drop(ids.iter().cloned().count());'],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'operations settle by their deadlines',
    file: 'src/store.rs',
    replace: ['unselected || now >= ticket.deadline) {', 'unselected) {'],
    test: 'backends/failover.test.js'
  },
  {
    breaks: 'duplicate-key messages quote no id',
    file: 'src/failure.rs',
    replace: ["message.find(['{', '\\u{1}'])", "message.find('\\u{1}')"],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'a TTL index that is there already is accepted, whatever its name',
    file: 'src/indexes.rs',
    replace: ['.any(|existing| serves_as(existing, index))', '.any(|existing| false && serves_as(existing, index))'],
    test: 'backends/index-trouble.test.js'
  },
  {
    breaks: "session-mongoose's destroy says how many rows were removed, to each caller",
    file: 'src/layout.rs',
    replace: ['matches!(self, Self::ConnectMongo(_))\n', 'matches!(self, Self::ConnectMongo(_) | Self::SessionMongoose(_))\n'],
    test: 'dialects/session-mongoose.test.js'
  },
  {
    breaks: 'encryption changes no order',
    file: 'lib/support/delivery-order.js',
    replace: ['    this.#waiting.push(outcome)\n', '    this.#waiting.unshift(outcome)\n'],
    test: 'crypto/order.test.js'
  },
  {
    breaks: 'with ttl, a write takes a date of the other kind away',
    file: 'lib/backends/driver/layouts/session-mongoose.js',
    replace: [', $unset: { expires: true } }', ' }'],
    test: 'dialects/session-mongoose.test.js'
  },
  {
    breaks: 'the migration knows what an interrupted run had written',
    file: 'lib/migrate/convert.js',
    replace: ['if (byTtl) return isDate(stored.expires)', 'if (byTtl) return false'],
    test: 'migrate/migrate.test.js'
  }
]

main(async () => {
  const only = process.argv[2]
  const chosen = MUTATIONS.filter(({ file, test }) => !only || file.includes(only) || test.includes(only))
  const tests = [...new Set(chosen.map(({ test }) => test))]
  if (!await pass(...tests)) throw new Error('These tests must pass before a mutation can make them fail.')
  const missed = []
  for (const mutation of chosen) {
    console.log(`\n${mutation.file}: ${mutation.breaks}`)
    if (!await isNoticed(mutation)) missed.push(mutation)
  }
  console.log(missed.length === 0 ? '\nEvery mutation was noticed.' : '\nNot noticed:')
  for (const { file, breaks } of missed) console.log(`  ${file}: ${breaks}`)
  return missed.length === 0 ? 0 : 1
})

async function pass (...tests) {
  const files = tests.map(test => path.join('__test__', test))
  return await run('npm', ['test', '--silent', '--', ...files]) === 0
}

async function isNoticed ({ file, replace: [from, to], test }) {
  const source = path.join(root, file)
  const text = fs.readFileSync(source, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file} must contain this exactly once: ${from}`)
  try {
    fs.writeFileSync(source, text.replace(from, () => to))
    return !await pass(test)
  } finally {
    fs.writeFileSync(source, text)
  }
}
