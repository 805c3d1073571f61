'use strict'

const { isOn, isWhole } = require('../../../support/index-keys')

// What an index that exists means for one that a layout wants. It is judged by its key and its options, never
// by its name. It may be the app's own: no advice takes it away. src/command/layout/index.rs has the same.

/** What tells indexes on one key apart, or changes what they do. */
const OPTIONS = ['unique', 'sparse', 'partialFilterExpression', 'collation', 'expireAfterSeconds']

/**
 * Whether it does what is wanted. A collation changes nothing about dates, nor `sparse` about rows that have
 * one.
 */
function servesAs (existing, { keys, unique, expireAfterSeconds }) {
  if (!isOn(fieldsOf(keys), existing) || Boolean(existing.unique) !== unique) return false
  if (existing.partialFilterExpression !== undefined) return false
  if (expireAfterSeconds === undefined) return existing.collation === undefined
  return Number(existing.expireAfterSeconds) === expireAfterSeconds
}

/** What is in the way of an index, and what to do. `existing`: all that could be listed. */
function conflict (wanted, existing, collection) {
  const on = show(wanted.keys)
  const rival = existing.find(one => {
    return isOn(fieldsOf(wanted.keys), one) && isWhole(one) && Boolean(one.unique) === wanted.unique
  })
  if (rival !== undefined) {
    const { name, expireAfterSeconds } = rival
    const wrong = expireAfterSeconds === undefined
      ? 'does not remove expired sessions by itself'
      : `removes sessions ${expireAfterSeconds} seconds after that date, not ${wanted.expireAfterSeconds}`
    const older = expireAfterSeconds === undefined ? ' (before MongoDB 5.1, create it again with this option)' : ''
    return `an index on ${on} exists that ${wrong}. Remedy: db.runCommand({ collMod: '${collection}', index: ` +
      `{ name: '${name}', expireAfterSeconds: ${wanted.expireAfterSeconds} } })${older}`
  }
  const namesake = existing.find(({ name }) => name === wanted.name)
  if (namesake === undefined) {
    return `an index with the name ${wanted.name} or on ${on} exists, with other options. Remedy: compare ` +
      `db.getCollection('${collection}').getIndexes() with ${creation(wanted)}`
  }
  const older = isOn(fieldsOf(wanted.keys), namesake) ? ' (before MongoDB 5.0 a key has one index: another collection)' : ''
  return `the name ${wanted.name} is that of another index, on ${describe(namesake)}. Remedy: create the store's under ` +
    `another name, once: db.getCollection('${collection}').${creation({ ...wanted, name: `sessions_${wanted.name}` })}${older}`
}

/** As people call it. `name`: unless MongoDB is to choose it. */
function creation ({ keys, unique, expireAfterSeconds, name }) {
  const options = [
    unique && 'unique: true',
    expireAfterSeconds !== undefined && `expireAfterSeconds: ${expireAfterSeconds}`,
    name !== undefined && `name: '${name}'`
  ].filter(Boolean)
  return `createIndex(${show(keys)}${options.length > 0 ? `, { ${options.join(', ')} }` : ''})`
}

function describe (existing) {
  const options = OPTIONS.filter(name => existing[name] !== undefined)
  return show(existing.key) + (options.length > 0 ? ` with ${options.join(', ')}` : '')
}

function show (keys) {
  return `{ ${Object.entries(keys).map(([field, direction]) => `${field}: ${direction}`).join(', ')} }`
}

function fieldsOf (keys) {
  return Object.keys(keys).join()
}

module.exports = { conflict, creation, servesAs }
