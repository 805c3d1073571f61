'use strict'

const { suggestion } = require('../dialects/names')

/** The error for a collection that is not there: it names the nearest one that is. */
async function missingCollection (db, name) {
  return new Error(`There is no collection ${name} in ${db.databaseName}${suggestion(name, await namesIn(db))}`)
}

/** The names of a database's collections and views, as far as the user may see them. */
async function namesIn (db) {
  const listed = await db.listCollections({}, { nameOnly: true, authorizedCollections: true }).toArray()
  return listed.map(({ name }) => name)
}

module.exports = { missingCollection, namesIn }
