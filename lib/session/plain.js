'use strict'

/** Whether a value is an object that has nothing but its properties. */
function isPlain (value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value._bsontype !== undefined) return false
  const prototype = Object.getPrototypeOf(value)
  // Another realm's plain objects, such as a test runner's, have a prototype without one.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A prepared session that an app's function may be shown, which may change it: nothing of it is stored. */
function unshared (prepared, documents) {
  const value = documents.bare(prepared)
  return isPlain(value) ? documents.keep(value) : prepared
}

module.exports = { isPlain, unshared }
