'use strict'

/** Type bytes of BSON elements, https://bsonspec.org/spec.html */
module.exports = {
  DOUBLE: 0x01,
  STRING: 0x02,
  BINARY: 0x05,
  OBJECT_ID: 0x07,
  BOOLEAN: 0x08,
  DATE: 0x09,
  NULL: 0x0a,
  INT32: 0x10,
  INT64: 0x12
}
