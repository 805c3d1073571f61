'use strict'

const { equatesIds } = require('../../backends/driver/collation')
const { namesIn } = require('../../migrate/collections')
const { ok, problem } = require('./finding')

// What kind of collection it is. The first three take no sessions, whatever the indexes.

const KINDS = {
  view: 'is a view, which takes no writes',
  timeseries: 'is a time series, whose documents cannot be replaced'
}

const UNAUTHORIZED = 13

/** `{ findings, exists, isUsable }`. */
async function checkCollection (form, { db, collection }) {
  const name = collection.collectionName
  const found = await find(db, name)
  if (found === undefined) {
    return { findings: [ok('collection', `There is no collection ${name} yet. The first store makes it.`)], exists: false, isUsable: true }
  }
  const { options = {}, type } = found
  const another = `Name another collection with collectionName, or remove this one: db.getCollection('${name}').drop()`
  const kind = KINDS[type]
  if (kind !== undefined) return { findings: [problem(type, `${name} ${kind}.`, another)], exists: true, isUsable: false }
  if (options.capped) {
    const message = `${name} is a capped collection: it forgets the oldest sessions, and none can be removed from it.`
    return { findings: [problem('capped', message, another)], exists: true, isUsable: false }
  }
  const findings = [ok('collection', `${collection.namespace} is there.`)]
  if (options.collation && equatesIds(options.collation)) {
    const message = `${name} has a collation that takes ids that differ for one: no store works on it.`
    findings.push(problem('collation', message, another))
  }
  return { findings, exists: true, isUsable: true }
}

/** What the server lists; nothing but its name, where the user may see no more. */
async function find (db, name) {
  try {
    return (await db.listCollections({ name }).toArray())[0]
  } catch (error) {
    if (error.code !== UNAUTHORIZED) throw error
    return (await namesIn(db)).includes(name) ? { name } : undefined
  }
}

module.exports = { checkCollection }
