'use strict'

const { isOn, isWhole } = require('../../../support/index-keys')
const { readId } = require('../ids')
const { bare } = require('../documents')
const { expiresBy, millis } = require('../rows')
const { conflict, creation } = require('./existing-indexes')
const { MARK, pipelineOf } = require('./lifetime')

// connect-mongo: { _id, session, expires, lastModified?, createdAt?, updatedAt? }.

const INDEX = { name: 'expires_1', keys: { expires: 1 }, unique: false, expireAfterSeconds: 0 }

/** What to do about rows that MongoDB does not remove. */
const ALTERNATIVE = ", or autoRemove: 'interval' or 'disabled'"

class ConnectMongo {
  idField = '_id'
  valueField = 'session'
  groupsDestroys = true
  sweepsAtStart = false

  #timestamps
  #background
  #maxLifetimeMS
  #fields

  /**
   * `timestamps`: connect-mongo 6's, `createdAt` on creation and `updatedAt` on every write. `background`:
   * whether the index is asked for as connect-mongo does from 4.5 on. `maxLifetimeMS`: how long a session may
   * live after its `createdAt`, however often it is used; null: as long as it is used. `fields`: names of
   * those beside the session.
   */
  constructor ({ timestamps, background, maxLifetimeMS }, fields) {
    this.#timestamps = timestamps
    this.#background = background
    this.#maxLifetimeMS = maxLifetimeMS
    this.#fields = fields
  }

  /** Where the server limits the lifetime, only a query tells when a session expires. */
  get setsServeGets () {
    return this.#maxLifetimeMS === null
  }

  /** Pipelines came with MongoDB 4.2. */
  get leastWireVersion () {
    return this.#maxLifetimeMS === null ? 0 : 8
  }

  get projection () {
    return this.#maxLifetimeMS === null ? { expires: 1 } : { expires: 1, createdAt: 1 }
  }

  readRow (row) {
    // BSON's `undefined` is a value, which the peers' query does not find.
    const expires = 'expires' in row ? millis(row.expires) : undefined
    const created = this.#maxLifetimeMS === null ? null : millis(row.createdAt)
    const ends = created === null ? undefined : created + this.#maxLifetimeMS
    return {
      id: readId(row._id),
      value: row.session ?? null,
      expires: expiresBy(expires, ends),
      lastModified: millis(row.lastModified),
      ends
    }
  }

  update (statement) {
    const [timestamps, maxLifetimeMS] = [this.#timestamps, this.#maxLifetimeMS]
    if (maxLifetimeMS !== null) return pipelineOf(statement, { maxLifetimeMS, timestamps })
    const { value, dates, condition, fields: beside = {} } = statement
    const fields = { ...named(beside) }
    const upserts = value !== undefined
    if (upserts) fields.session = bare(value)
    if (dates.expires !== null) fields.expires = new Date(dates.expires)
    if (dates.lastModified !== null) fields.lastModified = new Date(dates.lastModified)
    const now = new Date()
    if (condition?.expected === false) {
      return { $setOnInsert: { ...fields, ...(this.#timestamps && { createdAt: now, updatedAt: now }) } }
    }
    const onInsert = {
      // Another id than the filter's: a row that is not as expected is an error of its statement alone.
      ...(condition && { _id: null }),
      ...(this.#timestamps && upserts && { createdAt: now })
    }
    return {
      $set: fields,
      ...unset(beside),
      ...(Object.keys(onInsert).length > 0 && { $setOnInsert: onInsert }),
      ...(this.#timestamps && { $currentDate: { updatedAt: true } })
    }
  }

  /** An update that writes the fields beside a session and nothing else. */
  fieldsUpdate (beside) {
    const $set = named(beside)
    return { ...Object.keys($set).length > 0 && { $set }, ...unset(beside) }
  }

  /** What a row has to be for a conditional set, beside its id. */
  condition ({ expected, now }) {
    const mark = this.#maxLifetimeMS === null ? {} : MARK
    if (expected === false) return mark
    const session = { $eq: bare(expected) }
    return now === null ? { ...mark, session } : { ...mark, session, ...this.live(now) }
  }

  /** What a row has to be that has not expired. */
  live (now) {
    const live = { $or: [{ expires: { $exists: false } }, { expires: { $gt: new Date(now) } }] }
    if (this.#maxLifetimeMS === null) return live
    // Rows from before the option, and of other processes, may say a later expiration.
    return { ...live, createdAt: { $not: { $lte: new Date(now - this.#maxLifetimeMS) } } }
  }

  latestExpired (now) {
    return now
  }

  expired (now) {
    return { expires: { $lt: now } }
  }

  indexes (autoRemove) {
    const ofFields = this.#fields.map(name => ({ name: `${name}_1`, keys: { [name]: 1 }, unique: false }))
    const wanted = autoRemove === 'native' ? [INDEX, ...ofFields] : ofFields
    return wanted.map(index => ({ ...index, background: this.#background }))
  }

  foreign (indexes) {
    if (!indexes.some(index => isOn('sid', index) && index.unique && isWhole(index))) return undefined
    return 'the collection holds rows of session-mongoose (its unique index on sid is there), which this store does not read: ' +
      "use require('connect-mongo-native/session-mongoose'), or another collection, or move the rows over: " +
      'npx connect-mongo-native migrate --from session-mongoose'
  }

  conflict (index, existing, name) {
    return conflict(index, existing, name) + (index.expireAfterSeconds === undefined ? '' : ALTERNATIVE)
  }

  noIndex (index, reason) {
    if (index.expireAfterSeconds === undefined) {
      return `the index ${index.name} could not be created (${reason}): without it, finding sessions by this field reads ` +
        `all of them. Remedy: create it yourself, once: ${creation({ ...index, name: undefined })}`
    }
    return `the index that removes expired sessions could not be created (${reason}): they stay. ` +
      'Remedy: create it yourself, once: createIndex({ expires: 1 }, { expireAfterSeconds: 0 }), and set ' +
      "autoRemove: 'disabled'; or autoRemove: 'interval'"
  }
}

/** The fields that have a value. */
function named (fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

/** `$unset` of those that have none. */
function unset (fields) {
  const names = Object.keys(fields).filter(name => fields[name] === null)
  return names.length > 0 && { $unset: Object.fromEntries(names.map(name => [name, true])) }
}

module.exports = { ConnectMongo }
