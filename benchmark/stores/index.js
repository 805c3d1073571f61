'use strict'

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', '..')

/**
 * By the names that the command line takes. Each file's `open({ mongo, redis })`, of URLs, resolves with a
 * store and a function that closes it. What is of no package has a title.
 */
const STORES = {
  native: { file: './native', manifest: 'package.json' },
  'connect-mongo': { file: './connect-mongo', manifest: 'node_modules/connect-mongo-6/package.json' },
  'connect-redis': { file: './connect-redis', manifest: 'node_modules/connect-redis/package.json' },
  memory: { file: './memory', title: 'MemoryStore' },
  json: { file: './json', title: 'JSON alone' },
  none: { title: 'no session' }
}

async function openStore (name, urls) {
  return require(STORES[name].file).open(urls)
}

/** What reports call the stores. */
function labels (names) {
  return Object.fromEntries(names.map(name => [name, label(STORES[name])]))
}

function label ({ title, manifest }) {
  if (title) return title
  // Read as a file: not every package exports it.
  const { name, version } = JSON.parse(fs.readFileSync(path.join(root, manifest), 'utf8'))
  return `${name} ${version}`
}

module.exports = { labels, openStore, STORES }
