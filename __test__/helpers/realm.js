'use strict'

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

const root = path.join(__dirname, '../..')

/** What test runners give a context. The language's own, such as Error, each context has by itself. */
const GLOBALS = [
  'AbortController', 'Buffer', 'URL', 'URLSearchParams', 'clearImmediate', 'clearInterval', 'clearTimeout', 'performance',
  'process', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'
]

/**
 * Loads this package in a realm of its own, as test runners do that run each file in a context: its
 * JavaScript is of the realm, the addon and everything else of the process. Returns the package and the
 * realm's Error.
 */
function loadInRealm () {
  const context = vm.createContext(Object.fromEntries(GLOBALS.map(name => [name, globalThis[name]])))
  const modules = new Map()

  function load (filename) {
    const known = modules.get(filename)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    modules.set(filename, module)
    const real = createRequire(filename)
    const requireInRealm = name => {
      const file = real.resolve(name)
      const isOurs = file.startsWith(root) && !file.includes('node_modules') && file.endsWith('.js')
      return isOurs ? load(file) : real(name)
    }
    Object.assign(requireInRealm, { resolve: real.resolve, cache: require.cache, main: require.main })
    vm.compileFunction(fs.readFileSync(filename, 'utf8'),
      ['exports', 'require', 'module', '__filename', '__dirname'], { filename, parsingContext: context }
    )(module.exports, requireInRealm, module, filename, path.dirname(filename))
    return module.exports
  }

  return { MongoStore: load(path.join(root, 'index.js')), RealmError: vm.runInContext('Error', context) }
}

module.exports = { loadInRealm }
