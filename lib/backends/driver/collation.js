'use strict'

const { sleep } = require('../../support/realm')
const { isRetryable } = require('./errors')

// Whether a collection's collation takes for one what differs: two session ids, so that a visitor would get
// another's session, or two values of one session, so that a conditional set would overwrite what it does not
// expect. src/command/collation.rs has the same.

/** Between attempts to ask the server. */
const RETRY_MS = 100

/** By client, the collections in which no store has found a fault, so that another need not ask. */
const sound = new WeakMap()

/**
 * What is wrong, and what to do; undefined if nothing is. `comparesValues`: the store makes conditional sets.
 * Asks until there is a reply, or `isOver()`.
 */
async function faultOf (connection, { name, comparesValues, isOver }) {
  const { client, db } = connection
  const known = sound.get(client ?? db) ?? new Set()
  const place = JSON.stringify([db.databaseName, name, comparesValues])
  if (known.has(place)) return undefined
  const collation = await collationOf(connection, isOver)
  const fault = collation && describeFault(name, collation, comparesValues)
  if (fault === undefined) sound.set(client ?? db, known.add(place))
  return fault
}

/** That of the index on `_id`, which has the collection's. Who may not list indexes is told nothing. */
async function collationOf ({ collection }, isOver) {
  while (!isOver()) {
    try {
      return (await indexesOf(collection)).find(({ name }) => name === '_id_')?.collation
    } catch (error) {
      if (!isRetryable(error)) return undefined // such as of a collection that is not there yet
    }
    await sleep(RETRY_MS)
  }
}

function indexesOf (collection) {
  // Collections that are no real ones have neither.
  const options = { readPreference: 'nearest' }
  return collection.listIndexes?.(options).toArray?.() ?? collection.indexes?.() ?? []
}

function describeFault (name, collation, comparesValues) {
  const { locale = 'simple', strength = 3 } = collation
  if (locale === 'simple') return undefined
  const described = `the collation of ${name} (locale ${locale}, strength ${strength})`
  if (equatesIds(collation)) {
    return `${described} takes session ids that differ for one, so that a visitor could get another's session. ` +
      'Remedy: name another collection, or make this one anew without a collation'
  }
  if (!comparesValues) return undefined
  return `${described} takes sessions that differ for equal, so that conflicts could lose what others have saved. ` +
    'Remedy: name another collection, make this one anew without a collation, or leave conflicts out'
}

/** Whether two ids of ASCII letters, digits and punctuation can be equal, as measured on MongoDB 6.0.5. */
function equatesIds ({ strength = 3, numericOrdering = false, alternate, maxVariable = 'punct' }) {
  const ignoresPunctuation = alternate === 'shifted' && maxVariable === 'punct'
  return strength < 3 || (numericOrdering && strength < 5) || (ignoresPunctuation && strength < 4)
}

module.exports = { equatesIds, faultOf }
