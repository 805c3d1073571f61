'use strict'

const { collectionOf } = require('../driver-objects/collection-name')
const { describe } = require('../support/describe')
const { suggestion } = require('../dialects/names')
const { FORMATS } = require('./formats')
const read = require('../dialects/options')

const KNOWN = [
  'from', 'idField', 'expiresKey', 'redisUrl', 'redis', 'prefix', 'url', 'db', 'collection', 'modelName', 'to', 'ttl',
  'documents', 'dryRun', 'onProgress'
]

/** The package whose sessions are not in MongoDB. */
const REDIS = 'connect-redis'

/** Each package that sessions can be moved from, and the options that are its alone. */
const SOURCES = {
  'session-mongoose': [],
  'connect-mongodb-session': ['idField', 'expiresKey'],
  [REDIS]: ['redisUrl', 'redis', 'prefix']
}

/** Seconds. The largest `ttl` that the stores take, too. */
const TTL = { unit: 'seconds', min: 1, max: 2 ** 31 - 1 }

/**
 * The normalized options of `migrate`. Throws for whatever is wrong with them: nothing here can be
 * overlooked, or `dryrun: true` would move everything.
 */
function normalize (given) {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`migrate takes an object of options, like { url: 'mongodb://…' }: got ${describe(given)}`)
  }
  for (const name of Object.keys(given)) if (!KNOWN.includes(name)) throw unknown(name)
  const { from = 'session-mongoose', url, db, ttl, documents, dryRun, onProgress = () => {} } = given
  checkSource(given, from)
  exclude(given, 'url', 'db')
  exclude(given, 'collection', 'modelName')
  if (url === undefined && db === undefined) throw new TypeError("migrate needs a url, like 'mongodb://localhost/sessions'")
  if (db !== undefined && typeof db?.collection !== 'function') {
    throw new TypeError(`db must be a Db of the app's driver: got ${describe(db)}`)
  }
  if (typeof onProgress !== 'function') throw new TypeError(`onProgress must be a function: got ${describe(onProgress)}`)
  return {
    ...from === REDIS ? readRedis(given) : readCollections(given, from),
    url: read.string('url', url),
    db,
    ttl: ttl === undefined ? undefined : read.number('ttl', strictNumber(ttl), TTL),
    documents: flag('documents', documents),
    dryRun: flag('dryRun', dryRun),
    onProgress
  }
}

function checkSource (given, from) {
  if (!Object.hasOwn(SOURCES, from)) {
    const names = Object.keys(SOURCES)
    throw new TypeError(`from must be ${names.join(' or ')}${suggestion(String(from), names)}`)
  }
  for (const [source, names] of Object.entries(SOURCES)) {
    const foreign = source === from ? undefined : names.find(name => given[name] !== undefined)
    if (foreign !== undefined) throw new TypeError(`${foreign} is an option of ${source}`)
  }
}

/** Where rows are in MongoDB, and where they go. */
function readCollections (given, from) {
  const format = new FORMATS[from]({
    idField: read.string('idField', given.idField, '_id'),
    expiresKey: read.string('expiresKey', given.expiresKey, 'expires')
  })
  const model = read.string('modelName', given.modelName, 'Session')
  const collection = read.string('collection', given.collection, collectionOf(model))
  const to = read.string('to', given.to, collection)
  if (to === collection && format.staysInPlace && !format.isOurs) {
    throw new TypeError('with another expiresKey and the usual idField, to must name another collection')
  }
  return { format, collection, to }
}

/** Where sessions are in Redis, and the collection that they go to. */
function readRedis (given) {
  const { redis, redisUrl } = given
  for (const name of ['collection', 'modelName']) {
    if (given[name] !== undefined) throw new TypeError(`sessions of connect-redis are in no collection: name the one they go to by to, not ${name}`)
  }
  exclude(given, 'redis', 'redisUrl')
  if (redis === undefined && redisUrl === undefined) throw new TypeError("migrate needs a redisUrl, like 'redis://localhost:6379'")
  if (redis !== undefined && typeof redis?.sendCommand !== 'function') {
    throw new TypeError(`redis must be a client of the package redis or ioredis: got ${describe(redis)}`)
  }
  // SCAN would go by other names than the commands that read.
  if (redis?.options?.keyPrefix) throw new TypeError('redis must be a client without keyPrefix: put that into prefix')
  return {
    format: null,
    redis,
    redisUrl: read.string('redisUrl', redisUrl),
    prefix: given.prefix === '' ? '' : read.string('prefix', given.prefix, 'sess:'),
    to: read.string('to', given.to, 'sessions')
  }
}

function unknown (name) {
  return new TypeError(`migrate knows no option ${name.slice(0, 40)}${suggestion(name, KNOWN)}`)
}

function exclude (given, one, other) {
  if (given[one] !== undefined && given[other] !== undefined) throw new TypeError(`migrate takes ${one} or ${other}, not both`)
}

/** NaN and null are no defaults here. */
function strictNumber (ttl) {
  if (typeof ttl === 'number' && !Number.isNaN(ttl)) return ttl
  throw new TypeError(`ttl must be a number of seconds: got ${describe(ttl)}`)
}

function flag (name, value = false) {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false: got ${describe(value)}`)
}

module.exports = { normalize }
