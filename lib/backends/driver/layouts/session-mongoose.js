'use strict'

const { isOn, isWhole } = require('../../../support/index-keys')
const { readId } = require('../ids')
const { bare } = require('../documents')
const { millis } = require('../rows')
const { conflict, creation } = require('./existing-indexes')

// session-mongoose: { _id: ObjectId, sid, data, expires | null }, or with `ttl` { _id, sid, data, usedAt }.
//
// A store with `ttl` may find rows without and the other way round. Each write makes the row one of the
// store's own kind, and takes the other kind's date away: it would remove a session that is in use.

const SID = { name: 'sid_1', keys: { sid: 1 }, unique: true, background: true }
const EXPIRES = { name: 'expires_1', keys: { expires: 1 }, unique: false, background: true }
const BOTH = { name: 'sid_1_expires_1', keys: { sid: 1, expires: 1 }, unique: false, background: true }
const USED_AT = { name: 'usedAt_1', keys: { usedAt: 1 }, unique: false, background: true }

class SessionMongoose {
  idField = 'sid'
  valueField = 'data'
  groupsDestroys = false
  setsServeGets = true
  leastWireVersion = 0
  projection = { sid: 1, expires: 1, usedAt: 1 }

  #ttlSeconds

  /** `ttlSeconds`: how long a session lives after it was used; null: until its `expires`. */
  constructor ({ ttlSeconds }) {
    this.#ttlSeconds = ttlSeconds
  }

  /** `ttl` may have been switched on over rows without `usedAt`. */
  get sweepsAtStart () {
    return this.#ttlSeconds !== null
  }

  readRow (row) {
    const { sid, data = null, expires, usedAt } = row
    if (sid === undefined) return null
    // session-mongoose with `ttl` left the `expires` of a row of the other kind where it was.
    const ignored = this.#ttlSeconds !== null && millis(usedAt) !== null
    // BSON's `undefined` is a value, which its query did not find.
    const never = ignored || expires === null || !('expires' in row)
    return { id: readId(sid), value: data, expires: never ? undefined : millis(expires), lastModified: null }
  }

  update ({ value, dates }) {
    const data = value === undefined ? {} : { data: bare(value) }
    if (this.#ttlSeconds === null) {
      const expires = Number.isFinite(dates.expires) ? new Date(dates.expires) : null
      return { $set: { ...data, expires }, $unset: { usedAt: true } }
    }
    // The server's time, since the TTL index goes by it. Servers before 5.0 refuse an empty $set.
    const $set = value === undefined ? undefined : data
    return { ...$set && { $set }, $currentDate: { usedAt: true }, $unset: { expires: true } }
  }

  /** Its query was `$gte`. */
  latestExpired (now) {
    return now - 1
  }

  /** With `ttl`, only rows that were never written with it. */
  expired (now) {
    const filter = { expires: { $lt: now } }
    return this.#ttlSeconds === null ? filter : { ...filter, usedAt: null }
  }

  indexes () {
    if (this.#ttlSeconds === null) return [SID, EXPIRES, BOTH]
    return [SID, { ...USED_AT, expireAfterSeconds: this.#ttlSeconds }]
  }

  foreign (indexes) {
    const isTtl = ({ expireAfterSeconds }) => expireAfterSeconds !== undefined && Number(expireAfterSeconds) === 0
    if (!indexes.some(index => isOn('expires', index) && isTtl(index) && isWhole(index))) return undefined
    // Which refuses connect-mongo's rows: the other one is the app's own.
    if (indexes.some(index => isOn('sid', index) && index.unique && isWhole(index))) return undefined
    return "the collection is connect-mongo's (its TTL index on expires is there), whose rows this store does not read and " +
      "whose next row the unique index sid_1 refuses: use require('connect-mongo-native')(session) with its options, or " +
      'another collection (modelName or collection), or if connect-mongo has left, create that index yourself, once: ' +
      creation({ ...SID, name: undefined })
  }

  conflict (index, existing, name) {
    return conflict(index, existing, name)
  }

  noIndex (index, reason) {
    if (index.unique) {
      return `the index ${index.name} could not be created (${reason}): the store destroys only one of ` +
        'several rows with one sid. Remedy: remove rows that share a sid or have none (connect-mongo\'s belong into ' +
        'another collection), and restart'
    }
    return `the index ${index.name} could not be created (${reason}). Remedy: create it yourself, once: ` +
      creation({ ...index, name: undefined })
  }
}

module.exports = { SessionMongoose }
