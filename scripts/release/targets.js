'use strict'

// The platforms: Rust's name of each target, and npm's.

const manifest = require('../../package.json')

const SYSTEMS = { linux: 'linux', darwin: 'darwin', windows: 'win32' }
const PROCESSORS = { x86_64: 'x64', aarch64: 'arm64' }

/** Platforms by target: `{ 'x86_64-unknown-linux-gnu': 'linux-x64-gnu', … }`. */
const platforms = Object.fromEntries(manifest.napi.targets.map(target => [target, platformOf(target)]))

function platformOf (target) {
  const [processor, , system, abi] = target.split('-')
  return [SYSTEMS[system], PROCESSORS[processor], abi].filter(Boolean).join('-')
}

/** The name of a platform's addon. */
const addonName = platform => `${manifest.napi.binaryName}.${platform}.node`

module.exports = { addonName, platforms }
