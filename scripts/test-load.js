'use strict'

// npm run test:load  much at once, for long, or large; and a table. Hours, and 10 GB of disk: 20 million
//                    operations and 10 million rows on either backend. What was interrupted goes on where it
//                    stopped; what failed is tried again; changed sources begin anew
// npm run test:load -- [--only <text>] [--backend core|client] [--scale <number>] [--fresh]
//
//   --only     scenarios with this text in their names, such as 'rows'
//   --scale    of the numbers: 0.001 for a try
//
// With CONNECT_MONGO_NATIVE_LIBRARY_PATH, that addon is loaded and no release is built.

const { fork } = require('node:child_process')
const { once } = require('node:events')
const { parseArgs } = require('node:util')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { ResultFile } = require('./result-file')
const { main } = require('./run')
const { withServer } = require('./shared-server')
const { sources } = require('./sources')

const BACKENDS = ['core', 'client']
/** `[scenario, how many]`; of the smallest, `--scale` leaves one. */
const LOADS = [
  ['operations', 20_000_000],
  ['at once', 200_000],
  ['stores', 64],
  ['sweepers', 1_000_000],
  ['rows', 1_000_000],
  ['rows', 10_000_000],
  ['large sessions', 20],
  ['sets of 1 MB', 100]
]

const OPTIONS = {
  only: { type: 'string', default: '' },
  backend: { type: 'string', default: '' },
  scale: { type: 'string', default: '1' },
  fresh: { type: 'boolean', default: false }
}

main(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  const scale = Number(values.scale)
  if (!(scale > 0)) throw new Error(`--scale: a number above 0, such as 0.001: got ${values.scale}.`)
  await ensureDependencies()
  const addon = process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH ?? await build('release')
  const results = new ResultFile('load', `${sources()} ${scale}`, values)
  const loads = LOADS.filter(([name]) => name.includes(values.only)).flatMap(([name, count]) => {
    const scaled = Math.max(1, Math.round(count * scale))
    return BACKENDS.filter(backend => backend.includes(values.backend)).map(backend => [name, backend, scaled])
  })
  await withServer(async ({ MONGODB_URL: url }) => {
    const env = { ...process.env, TEST_URL: new URL('/load', url).href, CONNECT_MONGO_NATIVE_LIBRARY_PATH: addon }
    for (const load of loads) {
      const key = load.join(', ')
      if (results.get(key)?.failed === null) continue
      const result = await attempt(load, env)
      results.set(key, result)
      console.log(`${key}: ${result.failed ?? JSON.stringify(result.measured)}`)
    }
  })
  const rows = loads.map(load => [...load, ...cells(results.get(load.join(', ')))])
  const head = ['scenario', 'backend', 'count', 'measured', '']
  console.log(`\n${[head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')}`)
  return loads.every(load => results.get(load.join(', ')).failed === null) ? 0 : 1
})

async function attempt (load, env) {
  const { file } = require('../__test__/load/scenarios')
  const execArgv = ['--expose-gc', '--max-old-space-size=8192']
  const child = fork(file, load.map(String), { env, execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let measured
  let said = ''
  child.on('message', message => { measured = message })
  child.stderr.setEncoding('utf8').on('data', text => { said = (said + text).slice(-4000) })
  const [code, signal] = await once(child, 'close')
  if (code === 0 && measured) return { measured, failed: null }
  if (['SIGINT', 'SIGTERM'].includes(signal)) throw new Error('Interrupted: the next run goes on here.')
  return { measured: {}, failed: /^\S*Error\b.*$/m.exec(said)?.[0] ?? `ended with ${signal ?? code}` }
}

function cells ({ measured, failed }) {
  return [Object.entries(measured).map(([name, value]) => `${name}: ${value}`).join(', '), failed ?? 'passed']
}
