'use strict'

const modern = require('../dialects/modern')
const backends = require('../backends')
const { findPeer, missingPeer } = require('../support/peers')
const { missingCollection, namesIn } = require('../migrate/collections')
const { indexesIfKnown, isUniqueSid } = require('../migrate/indexes')
const { readWord } = require('./arguments')
const { UsageError } = require('./usage-error')

// What a command works on: a collection of connect-mongo's layout, by a connection string.

/** Milliseconds that an operation may take. To remove millions of sessions takes minutes. */
const TIMEOUT_MS = 60_000
const LONG_TIMEOUT_MS = 60 * 60 * 1000

/** Where the sessions are, by options and the environment. Throws a UsageError if they do not say. */
function readTarget ({ values, output, env }) {
  const url = values.url ?? env.MONGODB_URL
  if (!url) throw new UsageError('Where is MongoDB? Set MONGODB_URL (or give --url) to a connection string: mongodb://localhost/app')
  noteOfPassword(output, values, 'url', 'MONGODB_URL')
  return {
    url,
    db: values.db,
    collection: values.collection ?? 'sessions',
    backend: readWord(values, 'backend', ['native', 'driver'])
  }
}

/** Other users of the machine see what stands in a command line. */
function noteOfPassword (output, values, name, variable) {
  if (values[name] === undefined || !/\/\/[^@/]*:[^@/]*@/.test(values[name])) return
  output.note(`The password in --${name} can be seen in the process list: set ${variable} in its place.`)
}

/** The normalized options of a store there, which makes no index. */
function formOf ({ url, db, collection, backend }, operationTimeoutMS) {
  try {
    return modern.normalize({
      mongoUrl: url, dbName: db, collectionName: collection, backend, autoRemove: 'disabled', operationTimeoutMS
    })
  } catch (error) {
    throw new UsageError(error.message)
  }
}

/** Calls `use({ backend, readId, makeId, documents })` with a backend on a collection that is there. */
async function withSessions (target, output, use, timeoutMS = TIMEOUT_MS) {
  const form = formOf(target, timeoutMS)
  const { open, readId, makeId, documents } = backends[form.backend]
  const backend = opened(open, form)
  backend.onEvent((kind, code, text) => { if (kind === 'warning') output.note(text) })
  try {
    await backend.ping()
    await checkCollection(target, output, backend)
    return await use({ backend, readId, makeId, documents })
  } finally {
    await backend.close()
  }
}

function opened (open, form) {
  try {
    return open(form)
  } catch (error) {
    if (/^(MongoParseError|MongoInvalidArgumentError|TypeError)$/.test(error.name)) throw new UsageError(error.message)
    throw error
  }
}

/** Fails where a typing error would look like a collection without sessions. */
async function checkCollection (target, output, backend) {
  const driver = findDriver()
  if (driver === undefined) {
    if (await backend.count() === 0) {
      output.note(`There is nothing in ${target.collection}. Whether there is such a collection, only the package mongodb can say.`)
    }
    return
  }
  await withDatabase(target, 'this command', async db => {
    await requireCollection(db, target.collection)
    if ((await indexesIfKnown(db.collection(target.collection)))?.some(isUniqueSid)) {
      throw new Error(`${target.collection} is a collection of session-mongoose. Its sessions can be looked at after ` +
        'connect-mongo-native migrate --from session-mongoose')
    }
  }, driver)
}

/** Fails if there is no such collection or view. */
async function requireCollection (db, name) {
  if (!(await namesIn(db)).includes(name)) throw await missingCollection(db, name)
}

function findDriver () {
  return findPeer(['mongodb'], ['mongoose', 'mongodb'])
}

/** Calls `use(db, client)` with the package mongodb. `feature` is who needs it. */
async function withDatabase ({ url, db }, feature, use, driver = findDriver(), options) {
  if (driver === undefined) throw missingPeer('mongodb', feature)
  const client = new driver.MongoClient(url, options)
  try {
    await client.connect()
    return await use(db === undefined ? client.db() : client.db(db), client)
  } finally {
    await client.close()
  }
}

module.exports = {
  findDriver, LONG_TIMEOUT_MS, noteOfPassword, readTarget, requireCollection, withDatabase, withSessions
}
