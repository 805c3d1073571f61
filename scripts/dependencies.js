'use strict'

// Only built-in modules here: this runs in a fresh clone, before anything is installed.
const fs = require('node:fs')
const path = require('node:path')
const { root, step } = require('./run')

/**
 * Installs the development dependencies, or what a folder of peers asks for, unless node_modules holds just
 * what package-lock.json names. `options`: npm's.
 */
async function ensureDependencies (folder = '.', options = []) {
  if (installed(folder)) return
  console.log(folder === '.' ? 'Installing the dependencies…' : `Installing what is in ${folder}…`)
  // NODE_ENV=production would leave out the development dependencies, which are all there are here.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefix', folder, ...options]
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) await step(process.execPath, [npm, ...args])
  else await step('npm', args, { missing: 'npm is not on the path.' })
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
