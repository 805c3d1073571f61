'use strict'

const { createRequire } = require('module')
const path = require('path')
const { file, requireFile } = require('./location')

// express-session, bson, mongodb and mongoose are optional peers: nothing is loaded until a feature needs it.

/* eslint-disable @stylistic/max-statements-per-line -- a table */

/**
 * Each as this package sees it, which is where npm, yarn and pnpm put it. Literal names, each in a `try` of
 * its own: tools that bundle apps take along what is there, and do not mind what is missing.
 */
const PEERS = {
  bson: () => { try { return require('bson') } catch { return undefined } },
  'express-session': () => { try { return require('express-session') } catch { return undefined } },
  mongodb: () => { try { return require('mongodb') } catch { return undefined } },
  mongoose: () => { try { return require('mongoose') } catch { return undefined } }
}

/* eslint-enable @stylistic/max-statements-per-line */

/**
 * Where else a peer is looked for: when this package is linked into the app (npm link, workspaces), its own
 * folder is not below the app's node_modules.
 */
function bases () {
  return [file, mainModule()?.filename ?? process.argv[1], path.join(process.cwd(), 'package.json')]
    .filter(Boolean)
}

function mainModule () {
  try {
    return require.main
  } catch {
    return undefined // a bundle that is an ES module has no `require`
  }
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
    const peer = chain.length === 1 ? PEERS[chain[0]]?.() : undefined
    if (peer !== undefined) return peer
    // One that is there and cannot be loaded fails here once more, and says why.
    const found = resolve(chain)
    if (found !== undefined) return requireFile(found)
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
