'use strict'

// Only built-in modules here: this runs in a fresh clone, before anything is installed.
const fs = require('node:fs')
const path = require('node:path')
const { root, step } = require('./run')

/**
 * Installs the development dependencies, unless node_modules holds just what package-lock.json names.
 * `folder`: of another package, such as the tests' peers, below this one.
 */
function ensureDependencies (folder = '.') {
  if (installed(folder)) return
  console.log(`Installing the dependencies${folder === '.' ? '' : ` of ${folder}`}…`)
  // NODE_ENV=production would leave out the development dependencies, which are all there are.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefix', folder]
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) step(process.execPath, [npm, ...args])
  else step('npm', args, { missing: 'npm is not on the path.' })
}

function installed (folder) {
  const wanted = packages(path.join(folder, 'package-lock.json'))
  // npm's own record of what is there; npm removes it when it changes anything without finishing.
  const found = packages(path.join(folder, 'node_modules/.package-lock.json'))
  return Object.entries(wanted).every(([name, { version, integrity, optional }]) => {
    if (name === '' || (optional && !found[name])) return true
    return found[name]?.version === version && found[name]?.integrity === integrity
  })
}

function packages (file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

module.exports = { ensureDependencies }
