'use strict'

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', '..')

/**
 * By the names that the command line takes. Each file's `open({ mongo, redis }, { MongoStore, collection
 * })`, of URLs, this package's class and a collection of the store's own, resolves with a store and a
 * function that closes it. What is of no package has a title. `ours`: it is this package; `before`: as
 * another clone has it; `option`: with one that costs something.
 */
const STORES = {
  native: { file: './native', ours: true },
  borrowed: { file: './borrowed', ours: true, on: 'on a MongoClient' },
  'native-before': { file: './native', ours: true, before: true },
  'borrowed-before': { file: './borrowed', ours: true, before: true, on: 'on a MongoClient' },
  conflicts: { file: './with-option', ours: true, option: 'conflicts', on: "with conflicts: 'merge'" },
  fields: { file: './with-option', ours: true, option: 'fields', on: 'with fields' },
  'max-lifetime': { file: './with-option', ours: true, option: 'maxLifetime', on: 'with maxLifetime' },
  'connect-mongo': { file: './connect-mongo', manifest: 'node_modules/connect-mongo-6/package.json' },
  'connect-redis': { file: './connect-redis', manifest: 'node_modules/connect-redis/package.json' },
  memory: { file: './memory', title: 'MemoryStore' },
  json: { file: './json', title: 'JSON alone' },
  none: { title: 'no session' }
}

/** `before`: the folder of the other clone. */
async function openStore (name, urls, before) {
  const { file, ours, option } = STORES[name]
  const { open } = require(file)
  return ours ? open(urls, { MongoStore: load(name, before), collection: name, option }) : open(urls)
}

/** This package, with the addon that lies in its own folder where that is another clone's. */
function load (name, before) {
  if (!STORES[name].before) return require(root).MongoStore
  delete process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH // it names this clone's
  return require(before).MongoStore
}

/** What reports call the stores. */
function labels (names, before) {
  return Object.fromEntries(names.map(name => [name, label(STORES[name], before)]))
}

function label ({ title, manifest = 'package.json', before = false, on }, folder) {
  if (title) return title
  // Read as a file: not every package exports it.
  const file = path.join(before ? folder : root, manifest)
  const { name, version } = JSON.parse(fs.readFileSync(file, 'utf8'))
  return [name, version, on, before && 'before'].filter(Boolean).join(' ')
}

module.exports = { labels, openStore }
