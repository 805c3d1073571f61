'use strict'

const { ConnectMongodbSession } = require('./connect-mongodb-session')
const { SessionMongoose } = require('./session-mongoose')

// How the packages that are migrated from store a session. Each format has
//
//   name              the package
//   source            the filter of the rows to be moved. Rows that have been moved are not among them
//   converted         the filter of the rows in connect-mongo's layout
//   strange           the filter of what is neither
//   read(row)         → { _id, sid, data, expires, usedAt }, whatever the fields are called
//   filter(fields)    → the filter of a row that has these fields of `read`
//   obsolete(index)   whether an index is of no use to connect-mongo, or in its way

/** By the name of the package. */
const FORMATS = { 'session-mongoose': SessionMongoose, 'connect-mongodb-session': ConnectMongodbSession }

module.exports = { FORMATS }
