'use strict'

// npm run test:long  what `npm test` does a few times, a hundred times: ways out of a process and of a worker
//                    thread, on Node.js 20, 22, 24 and 26 (Linux x64); and every character of encrypted rows.
//                    What was interrupted goes on where it stopped; what failed is tried again
// npm run test:long -- [--only <text>] [--fresh]
//
//   --only   runs with this text in their names, such as 'Node.js 22' or 'workers'

const path = require('node:path')
const { parseArgs } = require('node:util')
const { build } = require('./build')
const { installTools } = require('./consumer-tools')
const { ensureDependencies } = require('./dependencies')
const { ResultFile } = require('./result-file')
const { main, run } = require('./run')
const { withServer } = require('./shared-server')
const { sources } = require('./sources')

const NODES = ['node-20', 'node-22', 'node-24', 'node-26']
const LIFECYCLE = [
  '__test__/lifecycle/cluster.test.js', '__test__/lifecycle/reload.test.js', '__test__/lifecycle/threads.test.js',
  '__test__/store/exit.test.js', '__test__/store/workers.test.js'
]
const ONCE = ['__test__/hostile/ciphertext.test.js']
const LIMIT_MS = 60 * 60_000

const OPTIONS = { only: { type: 'string', default: '' }, fresh: { type: 'boolean', default: false } }

main(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  await ensureDependencies()
  const addon = await build('testing')
  const tools = await installTools()
  const results = new ResultFile('long', sources(), values)
  const failed = await withServer(async server => {
    const env = { ...server, CONNECT_MONGO_NATIVE_LIBRARY_PATH: addon, CONNECT_MONGO_TEST_LONG: '1' }
    const failed = []
    for (const [name, node, file] of runs(tools)) {
      if (!name.includes(values.only) || results.get(name) === 0) continue
      console.log(`\n${name}`)
      const code = await run(node, ['--test', '--test-reporter=spec', file], env, { timeoutMS: LIMIT_MS })
      if (code > 128) throw new Error(`Interrupted at ${name}: the next run goes on there.`)
      results.set(name, code)
      if (code !== 0) failed.push(name)
    }
    return failed
  })
  console.log(failed.length === 0 ? '\nAll passed.' : `\nFailed: ${failed.join('; ')}`)
  return failed.length === 0 ? 0 : 1
})

/** `[name, program, test file]`. */
function* runs (tools) {
  for (const node of NODES) {
    const program = path.join(tools, 'node_modules', node, 'bin', 'node')
    for (const file of LIFECYCLE) yield [`Node.js ${node.slice(5)}: ${file}`, program, file]
  }
  for (const file of ONCE) yield [file, process.execPath, file]
}
