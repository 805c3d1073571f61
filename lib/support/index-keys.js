'use strict'

/** Whether an index, as a server lists it, is on these fields in this order: 'sid', 'sid,expires'. */
function isOn (fields, { key }) {
  return Object.keys(key).join() === fields && Object.values(key).every(direction => Number(direction) === 1)
}

/**
 * Whether an index has all rows, sorted as MongoDB sorts by itself. Others may stand beside it, on the same
 * key.
 */
function isWhole ({ sparse, partialFilterExpression, collation }) {
  return !sparse && partialFilterExpression === undefined && collation === undefined
}

module.exports = { isOn, isWhole }
