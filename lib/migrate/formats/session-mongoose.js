'use strict'

const { isObsolete } = require('../indexes')

/** { _id: ObjectId, sid, data, expires | null }, or with `ttl` { _id, sid, data, usedAt }. */
class SessionMongoose {
  name = 'session-mongoose'
  source = { session: { $exists: false } }
  converted = { session: { $exists: true } }
  /** Rows of connect-mongo have a `session`; what has none, and is not of session-mongoose, is not ours. */
  strange = { session: { $exists: false }, sid: { $exists: false }, data: { $exists: false } }

  read (row) {
    return row
  }

  filter (fields) {
    return fields
  }

  obsolete (index) {
    return isObsolete(index)
  }
}

module.exports = { SessionMongoose }
