'use strict'

// The examples as a reader starts them: `npm run test:examples` has installed all of them, by npm, from the
// packed package; otherwise those are tried whose packages this project has anyway.

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { after, before, describe } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { installedApp, ownPackage } = require('./installed-app')
const { DATABASE, testUrl } = require('./stores')
const { freePort } = require('../../scripts/free-port')

const EXAMPLES = path.join(__dirname, '../../examples')

/** Where each example is installed, in a folder of its name. */
const INSTALLED = process.env.EXAMPLES_FOLDER

/** For an app to listen, and to end. A build of Next.js takes longer. */
const START_MS = 60_000
const END_MS = 30_000

const names = fs.readdirSync(EXAMPLES).filter(name => fs.existsSync(path.join(EXAMPLES, name, 'package.json')))

const manifestOf = name => JSON.parse(fs.readFileSync(path.join(EXAMPLES, name, 'package.json'), 'utf8'))

/** Tests of an example. `body` gets an object that starts it. */
function describeExample (name, body) {
  const neighbours = INSTALLED ? {} : neighboursOf(manifestOf(name))
  const skip = neighbours === null && 'its packages are not installed: npm run test:examples'
  const example = new Example(name)
  describe(`examples/${name}`, { skip }, () => {
    let app
    before(() => {
      if (!INSTALLED) {
        app = installedApp(neighbours)
        fs.cpSync(path.join(EXAMPLES, name), app.folder, { recursive: true })
      }
      example.folder = INSTALLED ? path.join(INSTALLED, name) : app.folder
      if (manifestOf(name).scripts.build) example.run('build')
    })
    after(async () => {
      await example.end()
      app?.remove()
    })
    body(example)
  })
}

/** Folders of the packages of an example, by name; null if this project has not all of them. */
function neighboursOf ({ dependencies, devDependencies }) {
  const found = {}
  for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
    if (name === 'connect-mongo-native') continue
    const [major] = range.match(/\d+/)
    const folder = [ownPackage(name), ownPackage(`${name}-${major}`)].find(folder => majorOf(folder) === major)
    if (folder === undefined) return null
    found[name] = folder
  }
  return found
}

function majorOf (folder) {
  const file = path.join(folder, 'package.json')
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version.split('.')[0] : undefined
}

class Example {
  #processes = new Set()

  constructor (name) {
    this.name = name
    this.database = `${DATABASE}-example-${name.replaceAll('.', '-')}`
  }

  get url () {
    return testUrl().replace(`/${DATABASE}`, `/${this.database}`)
  }

  get env () {
    return { ...process.env, MONGODB_URL: this.url, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' }
  }

  /** Runs a script of its manifest to the end; returns what that prints. */
  run (script) {
    const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
    const [command, ...args] = [...npm, 'run', script]
    // Links to packages come without their commands.
    const commands = INSTALLED ? [] : [ownPackage('.bin')]
    const env = { ...this.env, PATH: [...commands, process.env.PATH].join(path.delimiter) }
    try {
      return execFileSync(command, args, { cwd: this.folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    } catch (error) {
      throw new Error(`npm run ${script}: ${error.stdout}\n${error.stderr}`, { cause: error })
    }
  }

  /** Starts it, as `npm start` does but without npm, to whom signals would go; resolves when it listens. */
  async start (env) {
    const port = await freePort()
    const [, ...args] = manifestOf(this.name).scripts.start.split(' ')
    const started = new Process(spawn(process.execPath, args, {
      cwd: this.folder,
      env: {
        ...this.env, PORT: String(port), ...env, NODE_OPTIONS: `--require ${path.join(__dirname, 'on-this-machine.js')}`
      },
      stdio: ['ignore', 'pipe', 'pipe']
    }), port)
    this.#processes.add(started)
    await started.listening()
    return started
  }

  /** Nothing of it stays: no process, no database. */
  async end () {
    for (const { child } of this.#processes) child.kill('SIGKILL')
    const client = new MongoClient(this.url)
    await client.db().dropDatabase()
    await client.close()
  }
}

class Process {
  stdout = ''
  stderr = ''

  constructor (child, port) {
    this.child = child
    this.origin = `http://127.0.0.1:${port}`
    this.closed = once(child, 'close')
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', text => { this[stream] += text })
    }
  }

  get output () {
    return `${this.stdout}\n${this.stderr}`
  }

  async listening () {
    const deadline = Date.now() + START_MS
    const { port } = new URL(this.origin)
    while (!await accepts(port)) {
      if (this.child.exitCode !== null) throw new Error(`it has ended with ${this.child.exitCode}\n${this.output}`)
      if (Date.now() > deadline) throw new Error(`it does not listen\n${this.output}`)
      await sleep(50)
    }
  }

  browser () {
    return new Browser(this.origin)
  }

  /** Ends it as a platform does; resolves with its exit code, or the signal that has ended it. */
  async stop (signal = 'SIGTERM') {
    this.child.kill(signal)
    const late = sleep(END_MS, null, { ref: false })
    const closed = await Promise.race([this.closed, late])
    if (closed === null) throw new Error(`${signal} has not ended it\n${this.output}`)
    const [code, killedBy] = closed
    return code ?? killedBy
  }
}

/** What keeps its cookie, from one page to the next, and from one start of the app to the next. */
class Browser {
  #cookies = new Map()

  constructor (origin) {
    this.origin = origin
  }

  get cookie () {
    return [...this.#cookies].map(cookie => cookie.join('=')).join('; ')
  }

  set cookie (text) {
    for (const cookie of text.split('; ')) this.#keep(cookie)
  }

  async visit (page = '/', options = {}) {
    const headers = { cookie: this.cookie, ...options.headers }
    const response = await fetch(this.origin + page, { redirect: 'manual', ...options, headers })
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie.split(';')[0])
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  #keep (cookie) {
    const [name, ...value] = cookie.split('=')
    this.#cookies.set(name, value.join('='))
  }

  /** Sends a form, and follows where that leads. */
  async submit (page, fields) {
    const { status, headers, text } = await this.visit(page, { method: 'POST', body: new URLSearchParams(fields) })
    return status === 303 ? this.visit(headers.get('location')) : { status, text }
  }
}

async function accepts (port) {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

module.exports = { describeExample, manifestOf, names }
