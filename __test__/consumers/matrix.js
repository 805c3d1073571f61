'use strict'

// How the app is installed, run, bundled and tested. Each row resolves with what became of each way of use.

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { PROGRAM, TESTS, USE } = require('./apps')
const bundlers = require('./bundlers')
const { APP, OLD_NODE, TEST_TOOLS, TOOLS } = require('./versions')
const { name, version } = require('../../package.json')

/** One command of one row. */
const TIMEOUT_MS = 5 * 60_000

const NPM_INSTALL = ['npm', 'install', '--no-audit', '--no-fund']

class Matrix {
  #folder
  #registry
  #tools
  #mongodbUrl

  /** `folder`: an empty one. `tools`: the folder in which TOOLS are installed. `registry`: its URL. */
  constructor ({ folder, registry, tools, mongodbUrl }) {
    this.#folder = folder
    this.#registry = registry
    this.#tools = path.join(tools, 'node_modules')
    this.#mongodbUrl = mongodbUrl
  }

  /** Functions by group and name. What is installed by npm comes first: runtimes and bundlers use it. */
  rows () {
    const node = this.#node('node-24')
    return {
      'package managers': {
        npm: () => this.#installed('npm', NPM_INSTALL),
        [`pnpm ${TOOLS.pnpm}`]: () => this.#installed('pnpm', [node, this.#tool('pnpm', 'bin/pnpm.mjs'), 'install']),
        [`yarn ${TOOLS.yarn}`]: () => this.#installed('yarn-1', [node, this.#tool('yarn', 'bin/yarn.js'), 'install']),
        [`yarn ${TOOLS['@yarnpkg/cli-dist']}, node_modules`]: () => this.#yarn('yarn-4', 'node-modules'),
        [`yarn ${TOOLS['@yarnpkg/cli-dist']}, Plug'n'Play`]: () => this.#yarn('yarn-4-pnp', 'pnp'),
        [`bun ${TOOLS.bun}`]: () => this.#installed('bun', [this.#bun(), 'install'])
      },
      runtimes: {
        ...Object.fromEntries(Object.keys(TOOLS).filter(tool => tool.startsWith('node-')).map(tool =>
          [`Node.js ${TOOLS[tool].split('@').at(-1)}`, () => this.#onNode(tool)])),
        [`Bun ${TOOLS.bun}`]: () => this.#program('npm', [this.#bun(), 'run']),
        [`Deno ${TOOLS.deno}`]: () => this.#program('npm', [this.#deno(), 'run', '--allow-all'])
      },
      bundlers: {
        ...Object.fromEntries(Object.keys(bundlers).map(bundler => [bundler, () => this.#bundled(bundler)])),
        [`bun ${TOOLS.bun} build --compile`]: () => this.#compiled()
      },
      'test tools': Object.fromEntries(Object.keys(TEST_TOOLS).map(tool => [tool, () => this.#tested(tool)]))
    }
  }

  async #installed (id, command) {
    const app = this.#app(id)
    refuseWarnings(await this.#run(command, app))
    return this.#program(id, [this.#node('node-24')])
  }

  async #yarn (id, linker) {
    const yarn = [this.#node('node-24'), this.#tool('@yarnpkg/cli-dist', 'bin/yarn.js')]
    const app = this.#app(id)
    const settings = {
      nodeLinker: linker, npmRegistryServer: this.#registry, unsafeHttpWhitelist: ['127.0.0.1'], enableTelemetry: false,
      enableImmutableInstalls: false, enableGlobalCache: false, npmMinimalAgeGate: 0
    }
    fs.writeFileSync(path.join(app, '.yarnrc.yml'), JSON.stringify(settings))
    fs.writeFileSync(path.join(app, 'yarn.lock'), '')
    refuseWarnings(await this.#run([...yarn, 'install'], app))
    return this.#program(id, linker === 'pnp' ? [...yarn, 'node'] : [this.#node('node-24')])
  }

  async #onNode (tool) {
    if (!(tool in OLD_NODE)) return this.#program('npm', [this.#node(tool)])
    await this.#run(NPM_INSTALL, this.#app(tool, OLD_NODE[tool]))
    return this.#program(tool, [this.#node(tool)])
  }

  async #bundled (bundler) {
    const to = this.#fresh(bundler.replaceAll(/\W+/g, '-'))
    const file = await bundlers[bundler](path.join(this.#path('npm'), 'app.js'), to)
    return results(await this.#run([this.#node('node-24'), file], to))
  }

  async #compiled () {
    const to = this.#fresh('compiled')
    const file = path.join(to, 'app')
    await this.#run([this.#bun(), 'build', '--compile', '--outfile', file, 'app.js'], this.#path('npm'))
    return results(await this.#run([file], to))
  }

  async #tested (name) {
    const { packages, mongodb, node } = TEST_TOOLS[name]
    const [tool] = Object.keys(packages)
    const app = this.#app(name.replaceAll(/\W+/g, '-'), { ...packages, ...mongodb && { mongodb } })
    await this.#run(NPM_INSTALL, app)
    const [file, source] = TESTS[tool]
    fs.writeFileSync(path.join(app, file), source)
    const manifest = require(path.join(app, 'node_modules', tool, 'package.json'))
    const bin = path.join('node_modules', tool, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[tool])
    const args = { jest: ['--testEnvironment', 'node', '--detectOpenHandles'], vitest: ['run'], ava: [file], mocha: [file] }[tool]
    const output = await this.#run([this.#node(node), bin, ...args], app)
    if (/threadsafe/.test(output)) throw new Error('the addon has left an open handle')
    return { url: 'works', client: 'works' }
  }

  /** Runs the program of the app that was installed in the folder `id`. */
  async #program (id, command) {
    return results(await this.#run([...command, 'app.js'], this.#path(id)))
  }

  /** An app's folder, before anything is installed. */
  #app (id, packages = {}) {
    const folder = this.#fresh(id)
    const manifest = { name: 'app', private: true, type: 'commonjs', dependencies: { [name]: version, ...APP, ...packages } }
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
    fs.writeFileSync(path.join(folder, '.npmrc'), `registry=${this.#registry}/\n`)
    fs.writeFileSync(path.join(folder, 'app.js'), PROGRAM)
    fs.writeFileSync(path.join(folder, 'use.js'), USE)
    return folder
  }

  async #run ([command, ...args], cwd) {
    const home = path.join(this.#folder, 'home') // caches and settings of the tools are none of the user's
    const env = {
      PATH: `${path.dirname(this.#node('node-24'))}:${process.env.PATH}`,
      HOME: home,
      CI: '1',
      MONGODB_URL: this.#mongodbUrl,
      npm_config_registry: `${this.#registry}/`,
      npm_config_cache: path.join(home, 'npm'),
      YARN_CACHE_FOLDER: path.join(home, 'yarn'),
      BUN_INSTALL_CACHE_DIR: path.join(home, 'bun'),
      DENO_NO_UPDATE_CHECK: '1',
      NODE_NO_WARNINGS: '1'
    }
    try {
      const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, env, timeout: TIMEOUT_MS })
      return stdout + stderr
    } catch (error) {
      const output = `${error.stderr}\n${error.stdout}`.split('\n').map(line => line.trim()).filter(Boolean)
      const line = output.find(line => /error|cannot|unsupported|fail/i.test(line)) ?? output[0] ?? error.message
      throw Object.assign(new Error(line), { output: output.join('\n') })
    }
  }

  #fresh (id) {
    const folder = this.#path(id)
    fs.mkdirSync(folder, { recursive: true })
    return folder
  }

  #path (id) {
    return path.join(this.#folder, id)
  }

  #tool (name, file) {
    return path.join(this.#tools, name, file)
  }

  #node (tool) {
    return this.#tool(tool, 'bin/node')
  }

  #bun () {
    return this.#tool('@oven', 'bun-linux-x64/bin/bun')
  }

  #deno () {
    return this.#tool('@deno', 'linux-x64-glibc/deno')
  }
}

/** Of what a package manager says, only what is about this package. */
function refuseWarnings (output) {
  const warning = output.split('\n').find(line => /warn|deprecated|YN00(02|60|86)/i.test(line) && line.includes(name))
  if (warning !== undefined) throw new Error(warning)
}

function results (output) {
  const line = output.split('\n').find(line => line.startsWith('RESULTS '))
  if (line === undefined) throw new Error('it printed no results')
  return JSON.parse(line.slice('RESULTS '.length))
}

module.exports = { Matrix }
