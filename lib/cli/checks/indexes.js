'use strict'

const { indexesIfKnown, isUniqueSid, listIndexes } = require('../../migrate/indexes')
const { grant } = require('./rights')
const { ok, problem, warning } = require('./finding')

// The TTL index, by which MongoDB removes expired sessions, and indexes that are in its way. An index is
// judged by its key and options together, whatever its name; an app's own indexes are its own.

const KEY = { expires: 1 }

/** Of the TTL index, where another has the usual one. */
const OTHER_NAME = 'expires_ttl'

/** Fields that rows of connect-mongo have: all of them, or each row that a store has touched. */
const FIELDS = ['_id', 'session', 'expires']

async function checkIndexes (form, { collection, db }, { exists, mayCreateIndex }) {
  const indexes = exists ? await indexesIfKnown(collection) : []
  if (indexes === null) return [await unknownTo(db)]
  const isEmpty = !exists || await collection.findOne({}, { projection: { _id: 1 } }) === null
  const findings = judge(indexes, { collection, isEmpty, autoRemove: form.autoRemove })
  if (mayCreateIndex || form.autoRemove !== 'native' || indexes.some(isOnExpires)) return findings
  const user = await userOf(db)
  return findings.filter(({ code }) => !['index', 'index-missing'].includes(code)).concat(problem('index-rights',
    `There is no TTL index on ${collection.namespace}, and the user ${user.user} may not make one: expired sessions stay.`,
    `Have it made: ${createIndex(collection)}; or ${grant(user, db.databaseName)}; or set autoRemove: 'interval'`))
}

async function unknownTo (db) {
  const user = await userOf(db)
  return warning('index-unknown', `The user ${user.user} may not list indexes: it is unknown whether MongoDB removes expired sessions.`,
    `Give it the right listIndexes: ${grant(user, db.databaseName)}`)
}

async function userOf (db) {
  const { authInfo } = await db.command({ connectionStatus: 1 })
  return authInfo.authenticatedUsers[0]
}

/**
 * What is right or wrong with indexes, as a server lists them. In an empty collection the TTL index may be
 * missing: the first store makes it.
 */
function judge (indexes, { collection, isEmpty, autoRemove = 'native' }) {
  if (indexes.some(isUniqueSid)) return [ofSessionMongoose(indexes.find(isUniqueSid))]
  const others = indexes.map(index => inTheWay(index, collection))
  return [ttlIndex(indexes, { collection, isEmpty, autoRemove }), ...others].filter(Boolean)
}

function ofSessionMongoose ({ name }) {
  return problem('session-mongoose', `The collection is session-mongoose's: its unique index ${name} refuses a second session.`,
    'Move its sessions with connect-mongo-native migrate --from session-mongoose; or use ' +
    "require('connect-mongo-native/session-mongoose'); or name another collection")
}

function ttlIndex (indexes, { collection, isEmpty, autoRemove }) {
  const onExpires = indexes.filter(isOnExpires)
  const served = onExpires.find(removesAll)
  if (served !== undefined) return ok('index', `MongoDB removes expired sessions (index ${served.name}).`)
  const [index] = onExpires
  if (index === undefined) return missing({ collection, isEmpty, autoRemove })
  if (index.unique) return undefined // said by inTheWay
  if (index.partialFilterExpression) {
    return problem('index-partial', `The index ${index.name} is on a part of the sessions: the others stay when they have expired.`,
      `Leave it, and make another beside it: ${createIndex(collection, OTHER_NAME)} (MongoDB 5.0 and later); or set autoRemove: 'interval'`)
  }
  if (!isTtl(index)) return plain(index, collection)
  const seconds = Number(index.expireAfterSeconds)
  return problem('index-seconds', `The index ${index.name} removes sessions ${seconds} s after they have expired.`,
    convert(collection, index), { fix: () => collMod(collection, index) })
}

function missing ({ collection, isEmpty, autoRemove }) {
  if (autoRemove === 'interval') return ok('index', 'The store removes expired sessions at an interval. There is no TTL index.')
  const fix = { fix: () => makeIndex(collection) }
  if (autoRemove === 'disabled') {
    return problem('index-missing', "Nothing removes expired sessions: autoRemove is 'disabled', and there is no TTL index.",
      createIndex(collection), fix)
  }
  if (isEmpty) return ok('index', 'The first store makes the TTL index.')
  return problem('index-missing', 'There is no TTL index, so that expired sessions stay. A store makes it at its start, unless ' +
    'autoRemove says otherwise.', createIndex(collection), fix)
}

function plain (index, collection) {
  return problem('index-plain', `The index ${index.name} is in the way of the TTL index: expired sessions stay.`,
    `${convert(collection, index)} (MongoDB 5.1 and later); before, ${dropIndex(collection, index)} and ${createIndex(collection)}`,
    { fix: () => makeTtl(collection, index) })
}

/** Unique indexes that refuse sessions, and other TTL indexes, which remove them too early. */
function inTheWay (index, collection) {
  const fields = Object.keys(index.key)
  if (fields.join() === '_id') return undefined
  if (index.unique && !fields.includes('_id') && !index.sparse && !index.partialFilterExpression) {
    const others = fields.filter(field => !FIELDS.includes(field))
    const message = others.length > 0
      ? `The unique index ${index.name} refuses a second session, since sessions have no ${others.join(', ')}.`
      : `The unique index ${index.name} refuses sessions that expire, or are, the same.`
    return problem('index-unique', message, `${dropIndex(collection, index)}, if no app needs it; or name another collection`)
  }
  if (!isTtl(index) || isOnExpires(index)) return undefined
  return warning('index-other-ttl', `The index ${index.name} removes sessions by ${fields.join()}, whether they have expired or not.`,
    `${dropIndex(collection, index)}, if that is not meant`)
}

const isTtl = ({ expireAfterSeconds }) => expireAfterSeconds !== undefined

/** Whether MongoDB removes by it what has expired, and nothing else. */
function removesAll (index) {
  return isTtl(index) && Number(index.expireAfterSeconds) === 0 && !index.partialFilterExpression
}

/** In either direction: MongoDB removes by both. */
const isOnExpires = ({ key }) => Object.keys(key).join() === 'expires' && Math.abs(Number(key.expires)) === 1

const calls = collection => `db.getCollection('${collection.collectionName}')`
const createIndex = (collection, name) =>
  `${calls(collection)}.createIndex({ expires: 1 }, { expireAfterSeconds: 0${name ? `, name: '${name}'` : ''} })`
const dropIndex = (collection, { name }) => `${calls(collection)}.dropIndex('${name}')`

function convert ({ collectionName }, { name }) {
  return `db.runCommand({ collMod: '${collectionName}', index: { name: '${name}', expireAfterSeconds: 0 } })`
}

/** Under another name, where the usual one is that of another index. */
async function makeIndex (collection) {
  const taken = (await listIndexes(collection)).some(({ name }) => name === 'expires_1')
  await collection.createIndex(KEY, { expireAfterSeconds: 0, ...taken && { name: OTHER_NAME } })
}

function collMod (collection, { name }) {
  return collection.db.command({ collMod: collection.collectionName, index: { name, expireAfterSeconds: 0 } })
}

/** Servers before 5.1 make no TTL index of a plain one: InvalidOptions. */
const INVALID_OPTIONS = 72

async function makeTtl (collection, index) {
  try {
    await collMod(collection, index)
  } catch (error) {
    if (error.code !== INVALID_OPTIONS) throw error
    await collection.dropIndex(index.name)
    await makeIndex(collection)
  }
}

module.exports = { checkIndexes, judge }
