'use strict'

// Every block of code in the README and in docs/ does what it says. JavaScript and shell are run against the
// server of the tests, TypeScript is compiled, JSON is parsed. A block is run as it stands, but for the
// address of the server. An HTML comment right above it, which readers do not see, may hold one of
//
//   test: <JavaScript>    to be run after it, by which the test sees that it has worked
//   given: <JavaScript>   to be run before a shell's commands, or before the lines that a diff adds
//   in mongosh            it is a command of MongoDB's shell
//   not run: <reason>     it is only parsed, if it is JavaScript

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { runScriptFile } = require('../helpers/child')
const { installedApp, ownPackage } = require('../helpers/installed-app')
const { blocksOf, pages } = require('../helpers/pages')
const { DATABASE, testUrl } = require('../helpers/stores')
const { peerDependencies, devDependencies, name: ownName, scripts } = require('../../package.json')

const PACKAGES = ['express', 'express-session', 'mongodb', 'mongoose', 'bson', '@types']

/** What is no code of ours. */
const NO_CODE = ['text', 'mermaid', 'dockerfile', 'yaml', 'html']

/** What the test adds to an app: its pages count the visits of a session. */
const TWO_VISITS = 'assert.notEqual(await visit(), await visit()); process.exit()'

const examples = pages().flatMap(page => blocksOf(page).map(block => ({ page, ...block })))
  .filter(({ language }) => !NO_CODE.includes(language))
const titleOf = ({ page, line, language }) => `${page}:${line} (${language || 'no language'})`

describe('the examples', { concurrency: 2 }, () => {
  let app
  let databases = 0
  let files = 0

  before(() => {
    app = installedApp(Object.fromEntries(PACKAGES.map(name => [name, ownPackage(name)])))
  })
  after(async () => {
    app.remove()
    const client = new MongoClient(testUrl())
    await Promise.all(Array.from({ length: databases }, (_, n) => client.db(databaseName(n + 1)).dropDatabase()))
    await client.close()
  })

  /** A database for one example: many have the same collection. */
  function freshUrl () {
    databases += 1
    return testUrl().replace(`/${DATABASE}`, `/${databaseName(databases)}`)
  }

  function write (name, text) {
    fs.writeFileSync(path.join(app.folder, name), text)
    return name
  }

  /** Runs JavaScript as a user would who has pasted it. It must succeed and warn of nothing. */
  async function runJavaScript (text, { after = '', env, url = freshUrl() } = {}) {
    const isModule = /^(import|export) /m.test(text)
    const ending = after && (isModule ? after : `\n;(async () => { ${after} })().catch(error => { throw error })`)
    files += 1
    const file = write(`example-${files}.${isModule ? 'mjs' : 'cjs'}`, `${at(url, text)}\n${ending}\n`)
    const { code, stdout, stderr } = await runScriptFile(path.join(app.folder, file), {
      cwd: app.folder,
      preload: path.join(__dirname, '../helpers/example-process.js'),
      env: { MONGODB_URL: url, NODE_EXTRA_CA_CERTS: '', ...env }
    })
    assert.equal(code, 0, `it ended with ${code}\n${stdout}\n${stderr}`)
    if (!env?.DEBUG) assert.equal(stderr, '', 'it warned')
    return { stdout, stderr }
  }

  const run = {
    async js ({ text, note }) {
      if (note.startsWith('not run:')) return parse(text)
      if (note === 'in mongosh') return runJavaScript('', { after: inMongosh(text) })
      await runJavaScript(text, { after: noted('test', note) || (text.includes('.listen(') ? TWO_VISITS : '') })
    },

    /** The lines that it adds. */
    async diff ({ text, note }) {
      const added = text.split('\n').filter(line => line.startsWith('+')).map(line => line.slice(1))
      await runJavaScript([noted('given', note), ...added].join('\n'))
    },

    json: ({ text }) => void JSON.parse(text),

    async sh (example) {
      if (example.note.startsWith('not run:')) return
      const url = freshUrl()
      const given = noted('given', example.note)
      if (given !== '') await runJavaScript('', { after: given, url })
      for (const line of commandsOf(example.text)) await runCommand(line, example, url)
    },

    /** All of them are compiled together, below. */
    ts () {}
  }

  /** Syntax alone. */
  function parse (text) {
    const file = write('parsed.mjs', text)
    execFileSync(process.execPath, ['--check', file], { cwd: app.folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }

  async function runCommand (line, { page, line: number }, url) {
    const words = line.split(/\s+/)
    // The commands of the tests have their own server's URL already.
    if (words[0] === 'export' && words.length === 2 && words[1].startsWith('MONGODB_URL=')) return
    const env = {}
    while (/^[A-Z_]+=/.test(words[0])) {
      const [name, value] = words.shift().split('=')
      env[name] = value
    }
    const [command, ...args] = words
    if (command === 'npm') return checkNpm(args)
    if (command === 'npx' && args[0] === ownName) {
      const bin = path.join('node_modules', ownName, 'bin', `${ownName}.js`)
      const result = spawnSync(process.execPath, [bin, ...args.slice(1).map(arg => at(url, arg))], {
        cwd: app.folder, encoding: 'utf8', env: { ...process.env, MONGODB_URL: url, ...env }
      })
      return assert.equal(result.status, 0, `${line}\n${result.stdout}\n${result.stderr}`)
    }
    // The app that the page has shown before, or the README's.
    if (command === 'node' && args.join() === 'app.js') {
      const apps = examples.filter(({ language, text }) => language === 'js' && text.includes('.listen('))
      const shown = apps.findLast(example => example.page === page && example.line < number) ?? apps[0]
      const { stderr } = await runJavaScript(shown.text, { after: TWO_VISITS, env })
      if (env.DEBUG) assert.match(stderr, /^\S+Z connect-mongo MongoStore#set=.{6}…$/m)
      return
    }
    assert.fail(`The test does not know how to try "${line}": teach it, or say why not by <!-- not run: … -->`)
  }

  for (const example of examples) {
    test(titleOf(example), async () => {
      const { language, note } = example
      assert.ok(language in run, `a block is one of ${[...Object.keys(run), ...NO_CODE].join(', ')}`)
      assert.doesNotMatch(note, /^not run:\s*$/, 'give the reason')
      await run[language](example)
    })
  }

  test('TypeScript compiles', () => {
    const files = examples.filter(({ language }) => language === 'ts')
      .map(({ page, line, text }) => write(`${path.basename(page, '.md')}-${line}.mts`, text))
    const tsc = path.join(ownPackage('typescript-7'), 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2023,esnext.disposable', '--types', 'node']
    try {
      execFileSync(process.execPath, [tsc, ...options, ...files], { cwd: app.folder, encoding: 'utf8' })
    } catch (error) {
      assert.fail(error.stdout)
    }
  })
})

/** What a note says under its name, if that is its name. */
const noted = (name, note) => note.startsWith(`${name}:`) ? note.slice(name.length + 1) : ''

const databaseName = number => `${DATABASE}-docs-${number}`

/** A text with the server of the tests in place of the one that examples speak of. */
function at (url, text) {
  return text.replace(/mongodb:\/\/localhost(:27017)?(\/[\w-]+)?/g, url)
}

function inMongosh (text) {
  return `
    const { MongoClient } = require('mongodb')
    const client = new MongoClient(process.env.MONGODB_URL)
    const database = client.db()
    const db = new Proxy(database, { get: (_, name) => database[name] ?? database.collection(name) })
    await (${text.trim()})
    await client.close()`
}

/** A shell script's commands, without comments. */
function commandsOf (text) {
  return text.replace(/\\\n/g, ' ').split('\n').map(line => line.replace(/(^|\s)#.*$/, '').trim()).filter(Boolean)
}

/** Scripts are there, and what is to be installed is what the tests have installed. */
function checkNpm (words) {
  const [verb, ...args] = words.filter(word => !word.startsWith('-'))
  if (verb === 'start' || verb === 'test') return assert.ok(scripts[verb])
  if (verb === 'run') return assert.ok(scripts[args[0]], args[0])
  assert.equal(verb, 'install')
  for (const name of args) {
    const known = name === ownName || name in peerDependencies || name in devDependencies
    assert.ok(known || fs.existsSync(ownPackage(name)), name)
  }
}
