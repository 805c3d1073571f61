'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { addonName } = require('./targets')
const manifest = require('../../package.json')

const root = path.join(__dirname, '../..')

/**
 * Lays out the packages as they are published, each in a folder of its own in `folder`. Returns `{ name,
 * folder, platform }` of each, this package (without `platform`) last. `addons`: files by platform; the
 * package of a platform that is not in it stays without one.
 */
function layOut ({ addons, folder }) {
  const platforms = fs.readdirSync(path.join(root, 'npm')).sort()
  const packages = platforms.map(platform => {
    const contents = path.join(folder, platform, 'package')
    fs.cpSync(path.join(root, 'npm', platform), contents, { recursive: true })
    if (addons[platform]) fs.copyFileSync(addons[platform], path.join(contents, addonName(platform)))
    fs.copyFileSync(path.join(root, 'LICENSE'), path.join(contents, 'LICENSE'))
    return { name: `${manifest.name}-${platform}`, folder: contents, platform }
  })
  return [...packages, { name: manifest.name, folder: layOutMain(folder, packages) }]
}

/** What npm would pack, with the platform packages for optional dependencies, which a clone cannot have. */
function layOutMain (folder, packages) {
  npm('pack', '--ignore-scripts', '--pack-destination', folder)
  const to = path.join(folder, 'main')
  fs.mkdirSync(to)
  execFileSync('tar', ['-xzf', path.join(folder, `${manifest.name}-${manifest.version}.tgz`), '-C', to])
  const contents = path.join(to, 'package')
  const optionalDependencies = Object.fromEntries(packages.map(({ name }) => [name, manifest.version]))
  fs.writeFileSync(path.join(contents, 'package.json'), `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`)
  return contents
}

function npm (...args) {
  const cli = process.env.npm_execpath
  const [command, ...first] = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm']
  return execFileSync(command, [...first, ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

module.exports = { layOut, npm }
