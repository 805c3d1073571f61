'use strict'

// npm run test:quick-start          from an empty folder to a running app, and from connect-mongo to this
//                                   package, by the README and docs/, on Node.js 20 to 26; prints the times
// npm run test:quick-start -- 24    on that one alone

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { build } = require('./build')
const { installTools } = require('./consumer-tools')
const { ensureDependencies } = require('./dependencies')
const { main } = require('./run')
const { withServer } = require('./shared-server')

/** What is promised of each path. */
const LIMIT_MS = 5 * 60_000

main(async () => {
  await ensureDependencies()
  const addon = await build('testing')
  const tools = await installTools()
  const { TOOLS } = require('../__test__/consumers/versions')
  const { engines } = require('../package.json')
  const oldest = Number(engines.node.match(/\d+/)[0])
  const nodes = Object.keys(TOOLS).filter(tool => Number(tool.match(/^node-(\d+)$/)?.[1]) >= oldest)
  const wanted = process.argv.slice(2)
  const chosen = nodes.filter(node => wanted.length === 0 || wanted.includes(node.slice('node-'.length)))
  if (chosen.length === 0) throw new Error(`It is tried on ${nodes.join(', ')}.`)

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-quick-start-'))
  try {
    await withServer(({ MONGODB_URL: mongodbUrl }) => tryAll({ addon, chosen, folder, mongodbUrl, tools }))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

async function tryAll ({ addon, chosen, folder, mongodbUrl, tools }) {
  const { QuickStart, paths } = require('../__test__/consumers/quick-start')
  const { startRegistry } = require('../__test__/consumers/registry')
  const packed = path.join(folder, 'packed')
  fs.mkdirSync(packed)
  const registry = await startRegistry({ addon, folder: packed })
  try {
    for (const node of chosen) {
      const program = path.join(tools, 'node_modules', node, 'bin', 'node')
      const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
      for (const name of Object.keys(paths)) {
        const own = path.join(folder, `${node}-${name.replaceAll(' ', '-')}`)
        const quickStart = new QuickStart({ folder: own, mongodbUrl, program, registry: registry.url })
        const start = Date.now()
        await paths[name](quickStart)
        const duration = Date.now() - start
        console.log(`Node.js ${version}, ${name}: ${(duration / 1000).toFixed(1)} s`)
        if (duration > LIMIT_MS) throw new Error(`It took longer than ${LIMIT_MS / 60_000} minutes.`)
      }
    }
  } finally {
    registry.stop()
  }
}
