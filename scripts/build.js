'use strict'

// npm run build: the addon for this machine, where lib/backends/native/binding.js finds it.

const fs = require('node:fs')
const path = require('node:path')
const { currentPlatform } = require('../lib/backends/native/platforms')
const { root, main, step } = require('./run')

const MISSING = 'The addon is written in Rust, but there is no `cargo`: install Rust 1.88 or newer (https://rustup.rs).'

/**
 * Builds the addon and returns its path. cargo itself knows when there is nothing to do. The two profiles do
 * not share a file: `release` goes to the clone's root, where the loader looks; `testing` stays in cargo's
 * folder, and the test run names it in CONNECT_MONGO_NATIVE_LIBRARY_PATH.
 */
async function build (profile) {
  const args = ['build', '--lib', '--locked', '--profile', profile, '--message-format=json-render-diagnostics']
  const messages = await step('cargo', args, { missing: MISSING, stdio: ['ignore', 'pipe', 'inherit'] })
  const library = libraryIn(messages)
  const folder = profile === 'release' ? root : path.dirname(library)
  const addon = path.join(folder, `connect-mongo-native.${currentPlatform()}.node`)
  copyIfChanged(library, addon)
  return addon
}

/** The dynamic library among the files that cargo says it made. */
function libraryIn (messages) {
  const artifacts = messages.split('\n').filter(Boolean).map(line => JSON.parse(line))
  const own = artifacts.filter(({ reason, target }) => {
    return reason === 'compiler-artifact' && target.name === 'connect_mongo_native'
  })
  return own.flatMap(({ filenames }) => filenames).find(name => /\.(so|dylib|dll)$/.test(name))
}

function copyIfChanged (from, to) {
  const { atime, mtime, mtimeMs } = fs.statSync(from)
  if (fs.statSync(to, { throwIfNoEntry: false })?.mtimeMs === mtimeMs) return
  // Replaced in one step, not overwritten: a running process may have the old file mapped.
  const fresh = `${to}.${process.pid}`
  fs.copyFileSync(from, fresh)
  fs.utimesSync(fresh, atime, mtime)
  fs.renameSync(fresh, to)
}

if (require.main === module) main(async () => console.log(path.relative(root, await build('release'))))

module.exports = { build }
