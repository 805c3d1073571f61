'use strict'

/**
 * The database that a store by URL uses where the driver's own default is another: mongodb 3, and so the
 * legacy dialect, took the `authSource` when the URL names no database. Undefined: the driver knows.
 */
function databaseOf ({ dialect, dbName, mongoOptions, url }) {
  if (dbName) return dbName
  const [, path, query = ''] = /^mongodb(?:\+srv)?:\/\/[^/?]*(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? []
  if (path || dialect !== 'legacy') return undefined
  return mongoOptions.dbName ?? mongoOptions.authSource ?? new URLSearchParams(query).get('authSource') ?? undefined
}

module.exports = { databaseOf }
