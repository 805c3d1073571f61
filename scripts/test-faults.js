'use strict'

// npm run test:faults  breaks servers and networks under random calls, and prints what came of it: the table
//                      of docs/reliability.md. It takes about 20 minutes, and goes on where it was stopped
// npm run test:faults -- [--only <text>] [--subject <text>] [--clients <n>] [--times <n>] …
//
//   --only      faults with this text in their names
//   --subject   core, borrowed or 'connect-mongo 6'
//   --clients   how many call at the same time (default: 64, or the fault's own number)
//   --times     how often each fault happens (default: each has its own)
//   --seed      of the first round (default 1)
//   --rounds    each with a seed of its own (default 1); the table has their sums. Seeds that have ever
//               failed are tried beside them (__test__/faults/kept-seeds.js)
//   --jobs      trials at the same time, which wait more than they work (default 3)
//   --ledgers   a folder for the ledgers of trials that broke a promise (default: target/faults)
//   --anew      forgets the trials of a run with these options that was stopped

const { fork } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { findMongod } = require('./find-mongod')
const { root, main } = require('./run')
const { Progress } = require('./trial-progress')

/** The tests' own modules take dependencies that a fresh clone lacks at first. */
const faults = name => require(path.join('..', '__test__', 'faults', name))

const TRIAL = path.join(root, '__test__', 'faults', 'run-trial.js')

/** The longest takes a minute, if nobody wants more of it. Milliseconds. */
const TRIAL_LIMIT_MS = 15 * 60_000

const OPTIONS = {
  only: { type: 'string', default: '' },
  subject: { type: 'string', default: '' },
  clients: { type: 'string' },
  times: { type: 'string' },
  seed: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '1' },
  jobs: { type: 'string', default: '3' },
  anew: { type: 'boolean', default: false },
  ledgers: { type: 'string', default: path.join(root, 'target', 'faults') }
}

main(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  await ensureDependencies()
  process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH = await build('testing')
  process.env.MONGOD_BINARY ??= await findMongod() ?? ''
  // The trials start servers of their own.
  process.env.MONGODB_URL ??= 'mongodb://127.0.0.1/'
  fs.mkdirSync(values.ledgers, { recursive: true })

  const { reportOf } = faults('report')
  const progress = new Progress(values)
  const results = await inTurn(inputsOf(values), Number(values.jobs), async input => {
    const known = progress.resultOf(input)
    const result = known ?? await trial(input, values.ledgers)
    if (!known) progress.note(input, result)
    console.error(`${input.fault}, ${input.subject}, seed ${input.seed}: ${summary(result)}${known ? ' (before)' : ''}`)
    for (const [error, count] of result.errors ?? []) console.error(`  ${count} × ${error}`)
    return { fault: input.fault, ...result }
  })
  progress.end()
  console.log(`\n${setting()}\n\n${reportOf(results)}`)
  const broken = results.filter(({ subject, violations, crashed }) => {
    return subject !== 'connect-mongo 6' && (crashed || violations.length > 0)
  })
  for (const { fault, subject, seed } of broken) console.log(`Broken: ${fault}, ${subject}, seed ${seed}`)
  if (broken.length > 0) console.log('Seeds that broke a promise are kept in __test__/faults/kept-seeds.js.')
  return broken.length === 0 ? 0 : 1
})

/** Every trial: of each fault, each subject and each seed. */
function inputsOf ({ only, subject: text, times, clients, ...values }) {
  const names = Object.keys(faults('kinds')).filter(name => name.includes(only))
  const subjects = faults('subjects').subjects.filter(name => name.includes(text))
  return names.flatMap(fault => subjects.flatMap(subject => {
    const kept = faults('kept-seeds').filter(one => one.fault === fault && one.subject === subject).map(({ seed }) => seed)
    const seeds = new Set([...seedsOf(values), ...kept])
    const given = { ...times && { times: Number(times) }, ...clients && { clients: Number(clients) } }
    return [...seeds].map(seed => ({ fault, subject, seed, ...given }))
  }))
}

function seedsOf ({ seed, rounds }) {
  return Array.from({ length: Number(rounds) }, (_, round) => Number(seed) + round)
}

/** The results of `work` on each of the items, at most `jobs` of which are under way. */
async function inTurn (items, jobs, work) {
  const results = []
  const queue = items.entries()
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }))
  return results
}

/** What came of a trial in a process of its own; where a fault needs hosts, in a network of its own, too. */
async function trial (input, folder) {
  const { fault, subject, seed } = input
  const { needsHosts, environment, lacks } = faults('kinds')[fault]
  const launcher = needsHosts ? faults('../helpers/separate-hosts').launcherOf() : []
  const skipped = launcher === undefined ? 'no network namespaces' : lacks?.()
  if (skipped) return { subject, seed, skipped, violations: [] }
  const ledgers = path.join(folder, `${fault} ${subject} ${seed}.json`.replaceAll(/[ ,:()']+/g, '-'))
  const [execPath, ...execArgv] = [...launcher, process.execPath]
  const env = { ...process.env, ...environment }
  const child = fork(TRIAL, [JSON.stringify({ ...input, ledgers })], { execPath, execArgv, env })
  const limit = setTimeout(() => child.kill('SIGKILL'), TRIAL_LIMIT_MS)
  let result
  child.on('message', message => { result = message })
  const [code, signal] = await once(child, 'exit')
  clearTimeout(limit)
  if (result === undefined) return { subject, seed, crashed: `ended with ${signal ?? code}`, violations: [] }
  if (result.violations.length === 0) fs.rmSync(ledgers)
  return result
}

function summary ({ skipped, crashed, operations, failed, violations, unpromised }) {
  if (skipped ?? crashed) return skipped ?? crashed
  const kinds = new Set(violations.map(({ kind }) => kind))
  const wrong = violations.length === 0 ? '' : `, ${violations.length} violations (${[...kinds].join(', ')})`
  return `${operations} operations, ${failed} failed${wrong}${unpromised > 0 ? `, ${unpromised} unpromised` : ''}`
}

function setting () {
  const cpus = os.cpus()
  const system = `${os.type()} ${os.release()} ${os.arch()}, ${cpus.length} × ${cpus[0]?.model.trim()}`
  return `${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${system}`
}
