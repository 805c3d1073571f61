'use strict'

// Apps whose framework brings connect-mongo along: an override makes it use this package. docs/frameworks.md

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { runScript } = require('../helpers/child')
const { installedApp, ownPackage } = require('../helpers/installed-app')

test('npm gives a framework this package in place of the connect-mongo that it asks for', async () => {
  const app = installedApp()
  try {
    const write = (name, text) => {
      fs.mkdirSync(path.dirname(path.join(app.folder, name)), { recursive: true })
      fs.writeFileSync(path.join(app.folder, name), text)
    }
    fs.rmSync(path.join(app.folder, 'node_modules'), { recursive: true })
    write('framework/package.json', JSON.stringify({
      name: 'framework', version: '1.0.0', dependencies: { 'connect-mongo': '^5.1.0' }
    }))
    write('framework/index.js', `
      module.exports = options => require('connect-mongo').create(options)
      module.exports.uses = require('connect-mongo/package.json').name`)
    write('package.json', JSON.stringify({
      private: true,
      dependencies: {
        framework: 'file:framework',
        'connect-mongo': `file:${app.tarball}`,
        'express-session': `file:${ownPackage('express-session')}`
      },
      overrides: { 'connect-mongo': '$connect-mongo' }
    }))
    install(app.folder)
    const { code, stdout, stderr } = await runScript(`
      const framework = require('framework')
      const store = framework({ mongoUrl: process.env.TEST_URL, collectionName: 'alias' })
      store.set('a', { cookie: {}, n: 1 })
        .then(() => store.get('a'))
        .then(({ n }) => console.log(framework.uses, n))`, { cwd: app.folder })
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'connect-mongo-native 1\n', stderr: '' })
  } finally {
    app.remove()
  }
})

/** Without a registry: everything is a file. */
function install (cwd) {
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const args = ['install', '--offline', '--install-links=false', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync(npm[0], [...npm.slice(1), ...args], { cwd, stdio: 'pipe' })
}
