'use strict'

/**
 * What was given in place of what is accepted, for people. Strings are not shown: they may hold a password.
 */
function describe (value) {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'an empty string'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without prototype'})`
  return `a ${typeof value}`
}

module.exports = { describe }
