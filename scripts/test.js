'use strict'

// npm test                          everything: cargo test, then all of __test__
// npm test -- <file or option>…     only these files, or all of __test__ with these options of `node --test`
// npm test -- --shared-server-only  without cargo test and the files that start servers of their own
// npm run test:peers                ours beside the real connect-mongo packages, on one collection
//
// With CONNECT_MONGO_NATIVE_LIBRARY_PATH, that addon is tested and nothing is built.

const path = require('node:path')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { main, run } = require('./run')
const { withServer } = require('./shared-server')
const { testFiles } = require('./test-files')

const NODE_OPTIONS = [
  // Two files at a time: most wait for servers, and the machines that this must pass on have two cores.
  '--test-concurrency=2',
  // Nothing hangs for ever. The longest file, failover, takes about a minute.
  '--test-timeout=300000',
  '--test-reporter=spec'
]

const CARGO_TEST = ['test', '--workspace', '--locked', '--profile', 'testing']
// Building what build.js has not built takes a minute, the tests take seconds.
const CARGO_TIMEOUT_MS = 10 * 60_000

const SHARED_SERVER_ONLY = '--shared-server-only'

main(async () => {
  await ensureDependencies()
  const built = process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH
  const addon = built ? path.resolve(built) : await build('testing')
  const given = process.argv.slice(2).filter(arg => arg !== SHARED_SERVER_ONLY)
  const sharedServerOnly = process.argv.includes(SHARED_SERVER_ONLY)

  return withServer(async server => {
    const env = { ...server, CONNECT_MONGO_NATIVE_LIBRARY_PATH: addon }
    const testsRust = !built && !sharedServerOnly && given.length === 0
    const rust = testsRust ? await run('cargo', CARGO_TEST, env, { timeoutMS: CARGO_TIMEOUT_MS }) : 0
    if (rust > 128) return rust
    const files = given.some(arg => arg.endsWith('.js')) ? [] : testFiles({ sharedServerOnly })
    const node = await run(process.execPath, ['--test', ...NODE_OPTIONS, ...given, ...files], env)
    return rust || node
  })
})
