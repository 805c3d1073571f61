'use strict'

const { ConnectMongo } = require('./connect-mongo')
const { SessionMongoose } = require('./session-mongoose')

// How a session lies in its document: field names, liveness, indexes. One layout for each peer whose rows
// this package reads and writes. Each has
//
//   idField                 the field with the session's id
//   valueField              the field with the session
//   groupsDestroys          whether several destroys may share a command, whose reply has only their sum
//   setsServeGets           whether a get behind a set can be given what that set stored
//   leastWireVersion        of servers that know its updates
//   sweepsAtStart           whether there may be expired rows that the TTL index does not know
//   readRow(document)       → { id, value, expires, lastModified, ends }; null for what is no row of it
//   update(statement)       → its update document
//   fieldsUpdate(fields)    → an update that writes the fields beside a session alone
//   live(now)               → the filter of the rows that have not expired
//                             (these two, where there are such fields)
//   latestExpired(now)      → the latest `expires` that a get at `now` no longer finds
//   projection              what tells id and liveness
//   expired(now)            → the filter of the rows to remove
//   indexes(autoRemove)     → those that it wants: { name, keys, unique, expireAfterSeconds, background }
//   foreign(indexes)        → what to do if these are another layout's indexes; undefined if they are not
//   conflict(index, existing, name)
//                           → what is wrong when one of these is in an index's way, and what to do
//   noIndex(index, reason)  → the same when it cannot be created

/** The layout that a form names. */
function layoutOf ({ layout, fields }) {
  if (layout.kind === 'session-mongoose') return new SessionMongoose(layout)
  return new ConnectMongo(layout, Object.keys(fields ?? {}))
}

module.exports = { layoutOf }
