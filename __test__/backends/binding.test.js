'use strict'

// How the addon is found, and what is said when it is not. Each case loads a copy of the loader, in a folder
// that holds no addon but what the case puts there.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, test } = require('node:test')
const { currentPlatform } = require('../../lib/backends/native/platforms')
const { version } = require('../../package.json')

const root = path.join(__dirname, '../..')
const platform = currentPlatform()
const folders = []

const LOADER = [
  'package.json', 'lib/backends/native/binding.js', 'lib/backends/native/platforms.js', 'lib/support/location.js'
]

after(() => folders.forEach(folder => fs.rmSync(folder, { recursive: true })))

/** A clone's or an installation's folder with the loader, and modules by path. */
function folderWith (modules = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-'))
  folders.push(folder)
  for (const file of LOADER) {
    fs.cpSync(path.join(root, file), path.join(folder, file))
  }
  for (const [file, source] of Object.entries(modules)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), source)
  }
  return folder
}

function load (folder, { override = '', prepare = '' } = {}) {
  const script = `${prepare}
    try { console.log(require('./lib/backends/native/binding').origin) } catch (error) { console.log(error.message) }`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CONNECT_MONGO_NATIVE_LIBRARY_PATH: override }
  })
  assert.equal(stderr, '')
  return stdout.trim()
}

const addon = (origin, of = version) => `module.exports = ${JSON.stringify({ origin, version: of })}`
const installed = `node_modules/connect-mongo-native-${platform}/index.js`

test('the platform’s package is used', () => {
  assert.equal(load(folderWith({ [installed]: addon('package') })), 'package')
})

test('an override comes first, relative to the working directory', () => {
  const folder = folderWith({ [installed]: addon('package'), 'mine.js': addon('override') })
  assert.equal(load(folder, { override: './mine.js' }), 'override')
})

test('nothing stands in for an override that cannot be loaded', () => {
  const message = load(folderWith({ [installed]: addon('package') }), { override: './missing.node' })
  assert.match(message, /\.\/missing\.node: Cannot find module/)
  assert.match(message, /CONNECT_MONGO_NATIVE_LIBRARY_PATH must name/)
})

test('an addon of another version is refused', () => {
  const message = load(folderWith({ [installed]: addon('package', '0.0.1') }))
  assert.ok(message.includes(`it is of version 0.0.1, but connect-mongo-native of ${version}`), message)
})

test('a file that is no addon says so, and the package is tried next', () => {
  const broken = { [`connect-mongo-native.${platform}.node`]: 'not an addon' }
  assert.match(load(folderWith(broken)), new RegExp(`connect-mongo-native\\.${platform}\\.node: .+`))
  assert.equal(load(folderWith({ ...broken, [installed]: addon('package') })), 'package')
})

test('without an addon, the error names what was tried, the likely causes and the remedies', () => {
  const message = load(folderWith())
  for (const part of [
    `no native addon for ${platform}`,
    `connect-mongo-native.${platform}.node: Cannot find module`,
    `connect-mongo-native-${platform}: Cannot find module`,
    '--omit=optional',
    'npm/cli#4828',
    'npm run build'
  ]) assert.ok(message.includes(part), part)
})

test('on a platform without a package, the error lists those that have one', () => {
  const prepare = "Object.defineProperty(process, 'arch', { value: 'vax' })"
  const message = load(folderWith(), { prepare })
  assert.match(message, /no native addon for \w+-vax/)
  assert.match(message, /Addons are published for .*linux-x64-gnu.*win32-x64-msvc/)
})
