'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { currentPlatform } = require('../../lib/backends/native/platforms')

const root = path.join(__dirname, '../..')

/** The folder of a package that this project has installed for itself. */
const ownPackage = name => path.join(root, 'node_modules', name)

/**
 * An app's folder, in which npm has installed this package, as packed, beside `packages`: `{ name: folder }`.
 * Nothing else is within reach.
 */
function installedApp (packages = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-'))
  const modules = path.join(folder, 'node_modules')
  const tarball = pack(folder)
  const installed = path.join(modules, 'connect-mongo-native')
  fs.mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  for (const [name, from] of Object.entries(packages)) {
    fs.mkdirSync(path.dirname(path.join(modules, name)), { recursive: true }) // that of a scope
    fs.symlinkSync(from, path.join(modules, name), 'dir')
  }
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
  return { folder, tarball, remove: () => fs.rmSync(folder, { recursive: true }) }
}

/** This machine's platform package as `installedApp` takes it, with the addon that is tested. */
function platformPackage () {
  const platform = currentPlatform()
  const name = `connect-mongo-native-${platform}`
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`))
  process.on('exit', () => fs.rmSync(folder, { recursive: true }))
  fs.copyFileSync(path.join(root, 'npm', platform, 'package.json'), path.join(folder, 'package.json'))
  const addon = path.join(folder, `connect-mongo-native.${platform}.node`)
  fs.copyFileSync(process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH, addon)
  return { [name]: folder }
}

function pack (folder) {
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const packed = execFileSync(npm[0], [...npm.slice(1), ...args], {
    cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']
  })
  return path.join(folder, JSON.parse(packed)[0].filename)
}

module.exports = { installedApp, ownPackage, platformPackage }
