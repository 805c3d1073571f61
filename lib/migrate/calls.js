'use strict'

// What is said in each call to the driver, since the app's Db and the URL may say otherwise.

/** Whatever is there is read, text that is no UTF-8 and regular expressions of PCRE included. */
const DECODING = {
  promoteLongs: true,
  promoteValues: true,
  promoteBuffers: false,
  useBigInt64: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
  raw: false
}

/** By the primary: elsewhere what has just been removed may still be there. */
const READING = { ...DECODING, readPreference: 'primary' }

/** Written for good before anything is removed. */
const WRITING = { ...DECODING, writeConcern: { w: 'majority', j: true } }

module.exports = { READING, WRITING }
