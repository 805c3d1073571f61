'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./run')

/** A hash of what is tested: another one makes earlier results worthless. */
function sources () {
  const hash = createHash('sha256')
  for (const folder of ['__test__', 'lib', 'src', 'tests']) {
    const names = fs.readdirSync(path.join(root, folder), { recursive: true })
    for (const name of names.filter(name => !name.includes('node_modules') && /\.(c|m)?(js|rs|ts)$/.test(name)).sort()) {
      hash.update(name).update(fs.readFileSync(path.join(root, folder, name)))
    }
  }
  return hash.update(fs.readFileSync(path.join(root, 'Cargo.lock'))).digest('hex')
}

module.exports = { sources }
