'use strict'

// What the published packages promise, and the places that say the same thing and must not drift apart.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { packages } = require('../../lib/backends/native/platforms')
const manifest = require('../../package.json')

const root = path.join(__dirname, '../..')
const platforms = fs.readdirSync(path.join(root, 'npm')).sort()

// Rust's name of a target, and ours.
const TARGETS = {
  'aarch64-apple-darwin': 'darwin-arm64',
  'x86_64-apple-darwin': 'darwin-x64',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu',
  'aarch64-unknown-linux-musl': 'linux-arm64-musl',
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'x86_64-unknown-linux-musl': 'linux-x64-musl',
  'aarch64-pc-windows-msvc': 'win32-arm64-msvc',
  'x86_64-pc-windows-msvc': 'win32-x64-msvc'
}

test('the loader, the build targets and the platform packages name the same platforms', () => {
  assert.deepEqual(Object.keys(packages).sort(), platforms)
  assert.deepEqual(manifest.napi.targets.map(target => TARGETS[target]).sort(), platforms)
  assert.equal(manifest.napi.binaryName, manifest.name)
})

test('the loader asks for each platform’s own package', () => {
  for (const [platform, load] of Object.entries(packages)) {
    assert.ok(load.toString().includes(`require('${manifest.name}-${platform}')`), platform)
  }
})

for (const platform of platforms) {
  test(`the package for ${platform} fits the platform and this package`, () => {
    const { name, version, main, files, os, cpu, libc, engines } = require(`../../npm/${platform}/package.json`)
    const [wantedOs, wantedCpu, abi] = platform.split('-')
    assert.equal(name, `${manifest.name}-${platform}`)
    assert.equal(version, manifest.version)
    assert.equal(main, `${manifest.name}.${platform}.node`)
    assert.deepEqual({ files, os, cpu, engines }, {
      files: [main],
      os: [wantedOs],
      cpu: [wantedCpu],
      engines: manifest.engines
    })
    assert.deepEqual(libc, { gnu: ['glibc'], musl: ['musl'] }[abi])
  })
}

test('the crate, the package and the lockfile have one version', () => {
  const crate = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8')
  assert.equal(crate.match(/^version = "(.*)"$/m)[1], manifest.version)
  assert.equal(require('../../package-lock.json').version, manifest.version)
})

test('nothing is installed with the package but its addon', () => {
  assert.equal(manifest.dependencies, undefined)
  assert.equal(manifest.bundleDependencies, undefined)
  // `napi pre-publish` adds the platform packages when it publishes them: named here before they exist, they
  // would break `npm ci`.
  assert.equal(manifest.optionalDependencies, undefined)
  assert.deepEqual(Object.keys(manifest.peerDependenciesMeta), Object.keys(manifest.peerDependencies))
  assert.ok(Object.values(manifest.peerDependenciesMeta).every(({ optional }) => optional))
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) assert.ok(!(hook in manifest.scripts), hook)
})

test('the development dependencies are pinned', () => {
  for (const [name, version] of Object.entries(manifest.devDependencies)) {
    assert.match(version, /^(npm:.+@)?\d+\.\d+\.\d+$|^file:/, name)
  }
})

test('the lockfile names no registry', () => {
  for (const [name, { resolved, link }] of Object.entries(require('../../package-lock.json').packages)) {
    assert.ok(resolved === undefined || link, name)
  }
})

test('the package holds what a user needs and nothing else', () => {
  const npm = process.env.npm_execpath ?? 'npm'
  const [command, ...args] = npm.endsWith('.js') ? [process.execPath, npm] : [npm]
  const output = execFileSync(command, [...args, 'pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const packed = JSON.parse(output)[0].files.map(file => file.path)
  const shim = fs.readdirSync(path.join(root, 'lib'), { recursive: true })
    .filter(name => name.endsWith('.js'))
    .map(name => `lib/${name.split(path.sep).join('/')}`)
  const types = fs.readdirSync(path.join(root, 'types')).map(name => `types/${name}`)
  const wanted = [
    'LICENSE', 'README.md', 'bin/connect-mongo-native.js', 'index.d.ts', 'index.js', 'migrate.d.ts', 'migrate.js',
    'package.json', 'session-mongoose.d.ts', 'session-mongoose.js', ...shim, ...types
  ]
  assert.deepEqual(packed.sort(), wanted.sort())
})

test('every way in leads to a file, and the entry points are the same module', () => {
  const files = Object.values(manifest.exports).flatMap(entry => typeof entry === 'string' ? entry : Object.values(entry))
  for (const file of files) assert.ok(fs.existsSync(path.join(root, file)), file)
  assert.equal(manifest.exports['.'].default, `./${manifest.main}`)
  assert.equal(manifest.exports['.'].types, `./${manifest.types}`)
  assert.deepEqual(manifest.exports['./es5'], manifest.exports['.'])
})
