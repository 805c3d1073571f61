'use strict'

const { collectionOf } = require('../driver-objects/collection-name')
const { describe } = require('../support/describe')
const { suggestion } = require('../dialects/names')
const { FORMATS } = require('./formats')
const read = require('../dialects/options')

const KNOWN = ['from', 'idField', 'expiresKey', 'url', 'db', 'collection', 'modelName', 'to', 'ttl', 'documents', 'dryRun', 'onProgress']

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
  const format = formatOf(given)
  const { url, db, modelName, ttl, documents, dryRun, onProgress = () => {} } = given
  exclude(given, 'url', 'db')
  exclude(given, 'collection', 'modelName')
  if (url === undefined && db === undefined) throw new TypeError("migrate needs a url, like 'mongodb://localhost/sessions'")
  if (db !== undefined && typeof db?.collection !== 'function') {
    throw new TypeError(`db must be a Db of the app's driver: got ${describe(db)}`)
  }
  if (typeof onProgress !== 'function') throw new TypeError(`onProgress must be a function: got ${describe(onProgress)}`)
  const model = read.string('modelName', modelName, 'Session')
  const collection = read.string('collection', given.collection, collectionOf(model))
  const to = read.string('to', given.to, collection)
  if (to === collection && format.staysInPlace && !format.isOurs) {
    throw new TypeError('with another expiresKey and the usual idField, to must name another collection')
  }
  return {
    format,
    url: read.string('url', url),
    db,
    collection,
    to,
    ttl: ttl === undefined ? undefined : read.number('ttl', strictNumber(ttl), TTL),
    documents: flag('documents', documents),
    dryRun: flag('dryRun', dryRun),
    onProgress
  }
}

function formatOf ({ from = 'session-mongoose', idField, expiresKey }) {
  if (!Object.hasOwn(FORMATS, from)) {
    throw new TypeError(`from must be ${Object.keys(FORMATS).join(' or ')}${suggestion(String(from), Object.keys(FORMATS))}`)
  }
  if (from === 'session-mongoose' && (idField ?? expiresKey) !== undefined) {
    throw new TypeError('idField and expiresKey are options of connect-mongodb-session')
  }
  return new FORMATS[from]({
    idField: read.string('idField', idField, '_id'), expiresKey: read.string('expiresKey', expiresKey, 'expires')
  })
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
