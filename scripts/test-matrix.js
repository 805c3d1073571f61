'use strict'

// npm run test:matrix  the whole suite on mongod 4.4, 5.0 and two of 6.0, and a table. Linux x64; ten
//                      minutes for each on two idle cores. What was interrupted goes on where it stopped;
//                      what failed is tried again; changed sources begin anew
// npm run test:matrix -- [--version <text>] [--only <text>] [--fresh]
//
//   --version   versions that begin with this
//   --only      test files with this text in their paths; `cargo` are the Rust tests
//   --fresh     forget what earlier runs found

const path = require('node:path')
const { run: runTests } = require('node:test')
const { parseArgs } = require('node:util')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { findMongodOf, MONGOD_VERSIONS } = require('./find-mongod')
const { root, main, run } = require('./run')
const { ResultFile } = require('./result-file')
const { sources } = require('./sources')
const { testFiles } = require('./test-files')

/** The Rust tests, among the test files. */
const CARGO = 'cargo test'
const CARGO_TEST = ['test', '--workspace', '--locked', '--profile', 'testing', '--quiet']
const CARGO_LIMIT_MS = 20 * 60_000
/** As in test.js. */
const FILE_LIMIT_MS = 300_000

const OPTIONS = {
  version: { type: 'string', default: '' },
  only: { type: 'string', default: '' },
  fresh: { type: 'boolean', default: false }
}

main(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  const versions = MONGOD_VERSIONS.filter(version => version.startsWith(values.version))
  if (versions.length === 0) throw new Error(`--version: none of ${MONGOD_VERSIONS.join(', ')} begins with ${values.version}.`)
  const files = [CARGO, ...testFiles()].filter(name => name.includes(values.only))
  if (files.length === 0) throw new Error(`--only: no test file has ${values.only} in its path.`)
  await ensureDependencies()
  process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH = await build('testing')

  const results = new ResultFile('matrix', sources(), values)
  for (const version of versions) await tryVersion(version, files, results)
  console.log(`\n${draw(versions, files, results)}`)
  return versions.every(version => files.every(file => passed(results.get(keyOf(version, file))))) ? 0 : 1
})

/** Runs on one server what has not passed on that version yet. */
async function tryVersion (version, files, results) {
  const rest = files.filter(file => !passed(results.get(keyOf(version, file))))
  if (rest.length === 0) return
  const { createStandalone } = require('./mongodb')
  process.env.MONGOD_BINARY = await findMongodOf(version)
  const server = await createStandalone()
  process.env.MONGODB_URL = server.getUri()
  try {
    for (const file of rest) {
      const started = Date.now()
      const result = file === CARGO ? await cargo() : await testFile(file)
      results.set(keyOf(version, file), result)
      const seconds = Math.round((Date.now() - started) / 1000)
      console.log(`${version}: ${file}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`)
      for (const failure of result.failures) console.log(`    ${failure}`)
    }
  } finally {
    await server.stop()
  }
}

function keyOf (version, file) {
  return `${version} ${file}`
}

function passed (result) {
  return result?.failed === 0
}

async function cargo () {
  const code = await run('cargo', CARGO_TEST, {}, { timeoutMS: CARGO_LIMIT_MS })
  const failed = code === 0 ? 0 : 1
  return { passed: 1 - failed, failed, failures: failed ? [`cargo exited with ${code}`] : [] }
}

/** Counts tests, not the suites that they stand in. */
async function testFile (file) {
  const result = { passed: 0, failed: 0, failures: [] }
  for await (const { type, data } of runTests({ files: [path.join(root, file)], timeout: FILE_LIMIT_MS })) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const hasTests = data.details.type === 'suite' && data.details.error?.failureType !== 'hookFailed'
    if (hasTests || data.skip !== undefined || data.todo !== undefined) continue
    if (type === 'test:pass') {
      result.passed++
    } else if (data.details.error?.failureType !== 'subtestsFailed') {
      result.failed++
      const reason = data.details.error?.cause?.message ?? data.details.error?.message
      result.failures.push(`${data.name}: ${String(reason).split('\n', 3).join(' ')}`)
    }
  }
  return result
}

function draw (versions, files, results) {
  const rows = versions.map(version => {
    const all = files.map(file => results.get(keyOf(version, file)))
    const sum = name => all.reduce((total, result) => total + result[name], 0)
    return [`mongod ${version}`, sum('passed') + sum('failed'), sum('passed'), sum('failed')]
  })
  const head = ['server', 'tests', 'passed', 'failed']
  const text = [head, ['---', '---:', '---:', '---:'], ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
  const failures = versions.flatMap(version => files.flatMap(file => {
    return results.get(keyOf(version, file)).failures.map(failure => `${version}: ${file}: ${failure}`)
  }))
  return [text, ...failures].join('\n')
}
