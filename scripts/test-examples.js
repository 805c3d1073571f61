'use strict'

// npm run test:examples            installs each example by npm, from the packed package, and tries it
// npm run test:examples -- <text>  only the tests whose file has this text in its name

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { root, main, run } = require('./run')
const { withServer } = require('./shared-server')

const NPM_INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
const EXAMPLES = path.join(root, 'examples')
const TESTS = path.join('__test__', 'examples')

main(async () => {
  await ensureDependencies()
  const addon = await build('testing')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-examples-'))
  try {
    await installAll(addon, folder)
    const wanted = process.argv.slice(2)
    const files = fs.readdirSync(path.join(root, TESTS))
      .filter(name => name.endsWith('.test.js') && (wanted.length === 0 || wanted.some(text => name.includes(text))))
      .map(name => path.join(TESTS, name))
    return await withServer(server => run(process.execPath, ['--test', '--test-timeout=300000', ...files], {
      ...server, EXAMPLES_FOLDER: folder
    }))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

/** Installs each example into a folder of its name. */
async function installAll (addon, folder) {
  const { startRegistry } = require('../__test__/consumers/registry')
  const packed = path.join(folder, '.packed')
  fs.mkdirSync(packed)
  const registry = await startRegistry({ addon, folder: packed })
  try {
    // A user's own settings and cache are none of the examples'.
    const env = { npm_config_registry: `${registry.url}/`, npm_config_cache: path.join(os.tmpdir(), 'connect-mongo-native-npm') }
    for (const name of fs.readdirSync(EXAMPLES)) {
      const from = path.join(EXAMPLES, name)
      if (!fs.existsSync(path.join(from, 'package.json'))) continue
      const start = Date.now()
      const to = path.join(folder, name)
      fs.cpSync(from, to, { recursive: true, filter: file => !/node_modules|\.next|dist$/.test(file) })
      const code = await run('npm', [...NPM_INSTALL, '--prefix', to], env)
      if (code !== 0) throw new Error(`examples/${name} could not be installed`)
      console.log(`examples/${name}: installed (${Date.now() - start} ms)`)
    }
  } finally {
    registry.stop()
  }
}
