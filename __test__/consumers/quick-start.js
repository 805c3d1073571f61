'use strict'

// What somebody does who has nothing but the README: the blocks of code are those of the pages.

const assert = require('node:assert/strict')
const { execFile, execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { promisify } = require('node:util')
const { blocksOf } = require('../helpers/pages')
const { devDependencies } = require('../../package.json')
const { freePort } = require('../../scripts/free-port')

/** For an app to listen. */
const START_TIMEOUT_MS = 30_000

/** For a command, such as an installation. */
const RUN_TIMEOUT_MS = 2 * 60_000

/** Where neither cargo nor rustc is. The folder of Node.js is put before them. */
const PATH = ['/usr/bin', '/bin']

/** The last connect-mongo, and the last driver for it, whose `require` is as in the README's diff. */
const BEFORE = 'express express-session connect-mongo@5.1.0 mongodb@6.20.0'

const readme = blocksOf('README.md')
const install = readme.find(({ language, text }) => language === 'sh' && text.includes('npm install')).text
const example = readme.find(({ language, text }) => language === 'js' && text.includes('.listen(')).text
const diff = readme.find(({ language }) => language === 'diff').text
const typescript = blocksOf('docs/typescript.md').filter(({ language }) => ['sh', 'ts'].includes(language))

/** An app in a folder of its own, on the Node.js that is `program`. */
class QuickStart {
  #folder
  #program
  #env
  #cookie

  constructor ({ folder, mongodbUrl, program, registry }) {
    fs.mkdirSync(folder)
    this.#folder = folder
    this.#program = program
    const folders = [path.dirname(program), ...PATH]
    for (const name of ['cargo', 'rustc']) {
      assert.ok(!folders.some(folder => fs.existsSync(path.join(folder, name))), `there is a ${name} on the path`)
    }
    const url = new URL(mongodbUrl)
    url.pathname = `/connect-mongo-test-${path.basename(folder)}-${process.pid}`
    this.#env = {
      PATH: folders.join(path.delimiter),
      HOME: path.dirname(folder),
      MONGODB_URL: url.href,
      npm_config_registry: `${registry}/`,
      npm_config_cache: path.join(path.dirname(folder), 'npm-cache')
    }
  }

  /** Runs the commands of a block, which all are `npm …`. */
  async npm (commands) {
    for (const command of commands.trim().split('\n')) {
      const [npm, ...args] = command.split(/\s+/)
      assert.equal(npm, 'npm', command)
      const cli = path.join(npmFolder(), 'bin', 'npm-cli.js')
      await this.run(cli, ...args, '--no-audit', '--no-fund', '--no-update-notifier')
    }
  }

  write (name, text) {
    fs.writeFileSync(path.join(this.#folder, name), text)
  }

  async run (...args) {
    try {
      await promisify(execFile)(this.#program, args, { cwd: this.#folder, env: this.#env, timeout: RUN_TIMEOUT_MS })
    } catch (error) {
      throw new Error(`${args.join(' ')}\n${error.stdout}\n${error.stderr}`, { cause: error })
    }
  }

  /** Starts an app, and visits it as a browser that keeps its cookie, also from one app to the next. */
  async visit (file, ...expected) {
    const port = await freePort()
    const source = path.join(this.#folder, file)
    const text = fs.readFileSync(source, 'utf8')
    assert.ok(text.includes('.listen(3000)'))
    fs.writeFileSync(source, text
      .replace('.listen(3000)', `.listen(${port}, '127.0.0.1')`)
      .replace('mongodb://localhost/test-app', this.#env.MONGODB_URL))
    const child = spawn(this.#program, [file], { cwd: this.#folder, env: this.#env, stdio: ['ignore', 'ignore', 'pipe'] })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', text => { complaints += text })
    const ended = once(child, 'close')
    try {
      for (const page of expected) assert.equal(await this.#get(`http://127.0.0.1:${port}/`, child, () => complaints), page, complaints)
    } finally {
      child.kill()
      await ended
      fs.writeFileSync(source, text)
    }
    assert.equal(complaints, '')
  }

  async #get (url, child, complaints) {
    const deadline = Date.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        const response = await fetch(url, { headers: this.#cookie && { cookie: this.#cookie } })
        this.#cookie = response.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie
        return await response.text()
      } catch (error) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${complaints()}`, { cause: error })
        if (Date.now() > deadline) throw error
        await sleep(50) // it does not listen yet
      }
    }
  }
}

/** By name: what is done from an empty folder on. */
const paths = {
  async CommonJS (app) {
    await app.npm(install)
    app.write('app.js', example)
    await app.visit('app.js', 'Visit 1', 'Visit 2')
  },

  async 'ES module' (app) {
    await app.npm(install)
    app.write('app.mjs', asModule(example))
    await app.visit('app.mjs', 'Visit 1', 'Visit 2')
  },

  async TypeScript (app) {
    const [{ text: commands }, { text: program }] = typescript
    const types = ['@types/express', '@types/node'].map(name => `${name}@${devDependencies[name] ?? 'latest'}`)
    await app.npm(`${commands}npm install --save-dev typescript@${devDependencies.typescript} ${types.join(' ')}`)
    app.write('app.mts', `${program}\napp.listen(3000)\n`)
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node']
    await app.run(path.join('node_modules', 'typescript', 'bin', 'tsc'), ...options, 'app.mts')
    await app.visit('app.mjs', 'Visit 1', 'Visit 2')
  },

  /** An app on connect-mongo has visitors, and keeps them. */
  async migration (app) {
    const [removed, added] = ['-', '+'].map(sign => diff.split('\n').find(line => line.startsWith(sign)).slice(2))
    assert.ok(example.includes(added))
    await app.npm(`npm install ${BEFORE}`)
    app.write('app.js', example.replace(added, removed))
    await app.visit('app.js', 'Visit 1', 'Visit 2')
    await app.npm(install)
    app.write('app.js', example)
    await app.visit('app.js', 'Visit 3', 'Visit 4')
  }
}

/** The README says that both kinds of import give the same. */
function asModule (text) {
  const module = text.replace(/^const (\w+) = require\('([^']+)'\)$/gm, "import $1 from '$2'")
  assert.ok(!module.includes('require('))
  return module
}

function npmFolder () {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) return path.join(path.dirname(cli), '..')
  return path.join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm')
}

module.exports = { QuickStart, paths }
