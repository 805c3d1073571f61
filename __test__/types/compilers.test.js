'use strict'

// The packed types, as the compilers and type packages of ten years of apps see them. The programs in
// `users/` are compiled, not run.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const { installedApp, ownPackage } = require('../helpers/installed-app')

/** What `@types/express-session` and `@types/node` use. */
const BESIDES = [
  '@types/body-parser', '@types/connect', '@types/express', '@types/express-serve-static-core', '@types/http-errors',
  '@types/qs', '@types/range-parser', '@types/send', '@types/serve-static', 'undici-types'
]

/** The types are checked, not only used. `preserveSymlinks`: each case finds its own type packages. */
const STRICT = [
  '--noEmit', '--strict', '--skipLibCheck', 'false', '--skipDefaultLibCheck', '--lib', 'es2020', '--preserveSymlinks',
  '--types', 'node'
]
const EXACT = ['--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
const CLASSIC = ['--module', 'commonjs', '--moduleResolution', 'node', '--target', 'es2018']

const CASES = {
  'TypeScript 4.5, @types/node 16, @types/express-session 1.15': {
    typescript: 'typescript-4.5',
    types: { node: 'types-node-16', 'express-session': 'types-express-session-1.15' },
    options: CLASSIC,
    programs: ['connect-mongo-3.ts']
  },
  'TypeScript 4.5, @types/node 16, @types/express-session 1.19': {
    typescript: 'typescript-4.5',
    types: { node: 'types-node-16', 'express-session': '@types/express-session' },
    options: [...CLASSIC, ...EXACT, '--esModuleInterop'],
    programs: ['connect-mongo-6.ts', 'exact-optional.ts']
  },
  'TypeScript 6, @types/node 20, @types/express-session 1.17.0': {
    typescript: 'typescript',
    types: { node: '@types/node', 'express-session': 'types-express-session-1.17' },
    options: ['--module', 'node16', '--ignoreDeprecations', '6.0', '--esModuleInterop', 'false'],
    programs: ['connect-mongo-3.ts']
  },
  'TypeScript 7, @types/node 26, @types/express-session 1.19': {
    typescript: 'typescript-7',
    types: { node: 'types-node-26', 'express-session': '@types/express-session' },
    options: ['--module', 'nodenext', ...EXACT],
    programs: ['connect-mongo-6.ts', 'exact-optional.ts']
  },
  'TypeScript 7 without @types/express-session': {
    typescript: 'typescript-7',
    types: { node: 'types-node-26' },
    options: ['--module', 'nodenext'],
    programs: ['no-express-session-types.ts']
  }
}

describe('the types of the packed package', () => {
  let app

  before(() => { app = installedApp() })
  after(() => app.remove())

  /** A project with these packages of `@types`, and the package. */
  function project (types) {
    const folder = fs.mkdtempSync(path.join(app.folder, 'project-'))
    const link = (name, to) => {
      const from = path.join(folder, 'node_modules', name)
      fs.mkdirSync(path.dirname(from), { recursive: true })
      fs.symlinkSync(to, from, 'dir')
    }
    for (const name of BESIDES) link(name, ownPackage(name))
    for (const [name, own] of Object.entries(types)) link(`@types/${name}`, ownPackage(own))
    link('connect-mongo-native', path.join(app.folder, 'node_modules', 'connect-mongo-native'))
    fs.cpSync(path.join(__dirname, 'users'), folder, { recursive: true })
    return folder
  }

  for (const [name, { typescript, types, options, programs }] of Object.entries(CASES)) {
    test(name, async () => {
      const tsc = path.join(ownPackage(typescript), 'bin', 'tsc')
      assert.equal(await output([tsc, ...STRICT, ...options, ...programs], project(types)), '')
    })
  }
})

/** What a script of Node.js prints, whether it succeeds or fails. */
function output (args, cwd) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd }, (error, stdout) => {
      if (error && stdout === '') reject(error)
      else resolve(stdout)
    })
  })
}
