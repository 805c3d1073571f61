'use strict'

// Rows as they are stored, expired ones and those of other packages included.

/** Characters of a stored string that tell JSON of a session from what is encrypted. */
const BEGINNING = 40

const isString = { $eq: [{ $type: '$session' }, 'string'] }
const beginning = { $substrCP: ['$session', 0, BEGINNING] }

/** What is encrypted is needed whole, to tell the families apart. */
const mayBeEncrypted = { $not: [{ $regexMatch: { input: beginning, regex: '^\\{(?!"hmac")' } }] }

const PROJECTION = {
  _id: 0,
  id: { $type: '$_id' },
  bytes: { $bsonSize: '$$ROOT' },
  session: { $type: '$session' },
  text: { $cond: [isString, { $cond: [mayBeEncrypted, '$session', beginning] }, null] },
  sid: { $type: '$sid' },
  data: { $type: '$data' },
  expires: '$expires',
  usedAt: '$usedAt'
}

/** Yields of each row its size, types and dates, and of a string what tells how it is encrypted. */
function scanRows (collection) {
  return collection.aggregate([{ $project: PROJECTION }], { hint: { _id: 1 }, batchSize: 1000 })
}

module.exports = { scanRows }
