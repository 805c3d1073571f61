'use strict'

// npm test                       everything: cargo test, then all of __test__
// npm test -- <file or option>…  only these files, or all of __test__ with these options of `node --test`
// npm run test:peers             ours beside the real connect-mongo packages, on one collection

const fs = require('node:fs')
const path = require('node:path')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { root, main, run } = require('./run')
const { withServer } = require('./shared-server')

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

main(async () => {
  await ensureDependencies()
  const addon = await build('testing')
  const given = process.argv.slice(2)

  return withServer(async server => {
    const env = { ...server, CONNECT_MONGO_NATIVE_LIBRARY_PATH: addon }
    const rust = given.length === 0 ? await run('cargo', CARGO_TEST, env, { timeoutMS: CARGO_TIMEOUT_MS }) : 0
    if (rust > 128) return rust
    const files = given.some(arg => arg.endsWith('.js')) ? [] : testFiles()
    const node = await run(process.execPath, ['--test', ...NODE_OPTIONS, ...given, ...files], env)
    return rust || node
  })
})

/** What is beside the peers has a run of its own. */
function testFiles () {
  return fs.readdirSync(path.join(root, '__test__'), { recursive: true })
    .filter(name => name.endsWith('.test.js') && !name.startsWith(`peers${path.sep}`))
    .map(name => path.join('__test__', name))
    .sort()
}
