'use strict'

const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('./downloads')
const { step } = require('./run')

/** Resolves with the folder of the tools that apps use: package managers, and Node.js of many versions. */
function installTools () {
  const { TOOLS } = require('../__test__/consumers/versions')
  const manifest = JSON.stringify({ private: true, dependencies: TOOLS })
  const hash = crypto.createHash('sha256').update(manifest).digest('hex').slice(0, 12)
  return once(`consumers-${hash}`, async (parent, result) => {
    console.log('Fetching package managers and runtimes (300 MB, once)…')
    fs.mkdirSync(result)
    fs.writeFileSync(path.join(result, 'package.json'), manifest)
    await step('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '--prefix', result])
  })
}

module.exports = { installTools }
