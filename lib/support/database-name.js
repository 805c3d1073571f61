'use strict'

/** Of a URL that names none: the default of drivers from 3.3 on, whatever the `authSource`. */
const DEFAULT = 'test'

/** The database of a store by URL, as the core finds it. */
function databaseOf (form) {
  return databaseNamed(form) ?? DEFAULT
}

/** The database that the options of a store by URL name; undefined if they name none. */
function databaseNamed ({ dbName, mongoOptions, url }) {
  return dbName || mongoOptions.dbName || inUrl(url) || undefined
}

function inUrl (url) {
  const [, path = ''] = /^mongodb(?:\+srv)?:\/\/(?:[^@]*@)?[^/?#]*\/([^?#]*)/.exec(url.trim()) ?? []
  try {
    return decodeURIComponent(path)
  } catch {
    return path // which no backend takes
  }
}

module.exports = { databaseNamed, databaseOf, DEFAULT }
