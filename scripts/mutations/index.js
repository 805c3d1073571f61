'use strict'

// npm run mutations: breaks behaviours on purpose, one at a time, and sees the tests fail.
//
// npm run mutations -- <text>  only those whose file or tests have this text in their names

const fs = require('node:fs')
const path = require('node:path')
const MUTATIONS_OF_CORE = require('./of-core')
const MUTATIONS_OF_SHIM = require('./of-shim')
const { build } = require('../build')
const { root, main, run } = require('../run')

/**
 * Each replaces one piece of source text, which must be there exactly once, and names the tests that must
 * notice: a file of __test__, or a crate of the workspace whose tests need no server.
 */
const MUTATIONS = [...MUTATIONS_OF_CORE, ...MUTATIONS_OF_SHIM]

const CARGO_TEST = ['test', '--locked', '--profile', 'testing']
/** A mutation may make a test hang. */
const CARGO_TIMEOUT_MS = 5 * 60_000
/** What a mutation makes fail is no seed to keep, and the first failure is enough. */
const CARGO_ENV = { PROPTEST_DISABLE_FAILURE_PERSISTENCE: '1', PROPTEST_MAX_SHRINK_ITERS: '0', RUST_BACKTRACE: '0' }

/** What was interrupted has noticed nothing, and its file is as it was when the run ends. */
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { isStopped = true })

main(async () => {
  const only = process.argv[2]
  const chosen = MUTATIONS.filter(({ file, test, crate }) => !only || `${file} ${test ?? crate}`.includes(only))
  const names = kind => [...new Set(chosen.map(mutation => mutation[kind]).filter(Boolean))]
  if (!await pass({ tests: names('test'), crates: names('crate') })) {
    throw new Error('These tests must pass before a mutation can make them fail.')
  }
  const missed = []
  for (const mutation of chosen) {
    console.log(`\n${mutation.file}: ${mutation.breaks}`)
    const noticed = await isNoticed(mutation)
    if (isStopped) return 130
    if (!noticed) missed.push(mutation)
  }
  console.log(missed.length === 0 ? `\nEvery mutation was noticed: ${chosen.length}.` : '\nNot noticed:')
  for (const { file, breaks } of missed) console.log(`  ${file}: ${breaks}`)
  return missed.length === 0 ? 0 : 1
})

async function pass ({ tests = [], crates = [] }) {
  for (const crate of crates) {
    if (await cargoTest(crate) !== 0) return false
  }
  const files = tests.map(test => path.join('__test__', test))
  return files.length === 0 || await run('npm', ['test', '--silent', '--', ...files]) === 0
}

async function isNoticed (mutation) {
  const { file, replace: [from, to], test, crate } = mutation
  const source = path.join(root, file)
  const text = fs.readFileSync(source, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file} must contain this exactly once: ${from}`)
  try {
    fs.writeFileSync(source, text.replace(from, () => to))
    // What does not compile would pass for noticed.
    const isBuilt = await compiles(mutation)
    if (isStopped) return false
    if (!isBuilt) throw new Error(`${file} does not compile with this: ${to}`)
    return !await pass(crate ? { crates: [crate] } : { tests: [test] })
  } finally {
    fs.writeFileSync(source, text)
  }
}

async function compiles ({ file, crate }) {
  if (crate) return await cargoTest(crate, '--no-run') === 0
  return !file.endsWith('.rs') || build('testing').then(() => true, () => false)
}

function cargoTest (crate, ...args) {
  return run('cargo', [...CARGO_TEST, '--package', crate, ...args], CARGO_ENV, { timeoutMS: CARGO_TIMEOUT_MS })
}
