'use strict'

/** Whether an index, as a server lists it, is on these fields in this order: 'sid', 'sid,expires'. */
function isOn (fields, { key }) {
  return Object.keys(key).join() === fields && Object.values(key).every(direction => Number(direction) === 1)
}

module.exports = { isOn }
