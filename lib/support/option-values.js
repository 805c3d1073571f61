'use strict'

const { describe } = require('./describe')

// One option of an app's: what is accepted, what it means, and the error that names it.

/**
 * A number or numeric string. null, false and '' are 0, as in the peers' arithmetic. NaN is what parseInt
 * makes of an unset environment variable: like undefined, it means the default.
 */
function number (name, value, { fallback, unit, min = -Infinity, max = Infinity }) {
  if (value === undefined || Number.isNaN(value)) return fallback
  const numeric = value === null || ['number', 'string', 'boolean'].includes(typeof value)
  const result = numeric ? Number(value) : NaN
  if (Number.isNaN(result)) throw new TypeError(`${name} must be a number of ${unit}: got ${describe(value)}`)
  if (result >= min && result <= max) return result
  throw new RangeError(`${name} must be between ${min} and ${max} ${unit}: got ${result}`)
}

/** A non-empty string, or `fallback` when nothing is given. */
function string (name, value, fallback) {
  if (value === undefined) return fallback
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${name} must be a non-empty string: got ${describe(value)}`)
}

/** A function, or undefined when nothing is given. */
function hook (name, value) {
  if (!value) return undefined
  if (typeof value === 'function') return value
  throw new TypeError(`${name} must be a function: got ${describe(value)}`)
}

/** An object, or `{}` when nothing is given. */
function object (name, value) {
  if (!value) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value
  throw new TypeError(`${name} must be an object: got ${describe(value)}`)
}

module.exports = { hook, number, object, string }
