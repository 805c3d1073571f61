'use strict'

const { ok, problem } = require('./finding')

// What the user may do.

const NEEDED = ['find', 'insert', 'update', 'remove']

const UNAUTHORIZED = 13

/** `{ findings, mayCreateIndex }`. */
async function checkRights (form, { db, collection }) {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true })
  const [user] = authInfo.authenticatedUsers
  if (user === undefined) return { findings: [await withoutUser(collection)], mayCreateIndex: true }

  const where = { db: db.databaseName, collection: collection.collectionName }
  const may = action => authInfo.authenticatedUserPrivileges.some(({ resource, actions }) =>
    covers(resource, where) && actions.includes(action))
  const lacking = NEEDED.filter(action => !may(action))
  const mayCreateIndex = may('createIndex')
  if (lacking.length === 0) {
    return { findings: [ok('rights', `The user ${user.user} may read and write sessions.`)], mayCreateIndex }
  }
  return {
    findings: [problem('rights', `The user ${user.user} may not ${lacking.join(', ')} in ${collection.namespace}.`, grant(user, where.db))],
    mayCreateIndex
  }
}

/** Of a server without access control, which may do anything; or with it, and then nothing. */
async function withoutUser (collection) {
  try {
    await collection.findOne({}, { projection: { _id: 1 } })
    return ok('rights', 'The server asks for no user.')
  } catch (error) {
    if (error.code !== UNAUTHORIZED) throw error
    return problem('no-credentials', 'The server asks for a user, and the connection string has none.',
      'Write mongodb://user:password@host/app?authSource=admin, in MONGODB_URL and in the app. A user is made by ' +
      `db.getSiblingDB('admin').createUser({ user, pwd, roles: [{ role: 'readWrite', db: '${collection.dbName}' }] })`)
  }
}

function covers ({ anyResource, db, collection }, where) {
  if (anyResource) return true
  return (db === '' || db === where.db) && (collection === '' || collection === where.collection)
}

function grant ({ user, db }, database) {
  return `db.getSiblingDB('${db}').grantRolesToUser('${user}', [{ role: 'readWrite', db: '${database}' }])`
}

module.exports = { checkRights, grant }
