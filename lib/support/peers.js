'use strict'

const { createRequire } = require('module')
const path = require('path')

// express-session, bson, mongodb and mongoose are optional peers: nothing is loaded until a feature needs it.

/**
 * Where a peer is looked for. Beside this package is where npm, yarn and pnpm put it. The two others matter
 * when this package is linked into the app (npm link, workspaces), so that its own folder is not below the
 * app's node_modules.
 */
function bases () {
  return [__filename, require.main?.filename ?? process.argv[1], path.join(process.cwd(), 'package.json')]
    .filter(Boolean)
}

/** The file of a package, or of one that only another package can see: resolve(['mongodb', 'bson']). */
function resolve (chain) {
  for (const base of bases()) {
    try {
      return chain.reduce((from, name) => createRequire(from).resolve(name), base)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
}

/** The first of these packages that the app has, or undefined. Each is a chain as for `resolve`. */
function findPeer (...chains) {
  for (const chain of chains) {
    const file = resolve(chain)
    if (file !== undefined) return require(file)
  }
}

/** The version of a package that the app has: 4017 is 4.17. Undefined where there is none to read. */
function versionOf (name) {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(findPeer([`${name}/package.json`])?.version) ?? []
  return major && Number(major) * 1000 + Number(minor)
}

/** The error for a peer that a feature cannot do without. */
function missingPeer (name, feature) {
  const error = new Error(`${feature} needs the package ${name}: npm install ${name}`)
  error.code = 'MODULE_NOT_FOUND'
  return error
}

module.exports = { findPeer, missingPeer, versionOf }
