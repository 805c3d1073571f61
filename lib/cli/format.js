'use strict'

const { inspect } = require('util')

// Figures, dates and ids for people.

const SIZES = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** '512 bytes', '1.5 KB'. A KB is 1024 bytes. */
function size (bytes) {
  let power = 0
  while (bytes >= 1024 && power < SIZES.length - 1) [bytes, power] = [bytes / 1024, power + 1]
  return `${power === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${SIZES[power]}`
}

function count (number) {
  return Number(number).toLocaleString('en')
}

/** '1 session', '2,000 sessions'. */
function sessions (number) {
  return `${count(number)} ${Number(number) === 1 ? 'session' : 'sessions'}`
}

/** A date as ISO 8601 has it; 'never' for none. */
function date (value) {
  if (value === null || value === undefined) return 'never'
  const time = new Date(value)
  return Number.isNaN(time.getTime()) ? 'at no date' : time.toISOString().replace('.000Z', 'Z')
}

/** An id as text, whole. Ids of a transformId may be of any type. */
function idText (id) {
  if (typeof id === 'string' || /^ObjectI[dD]$/.test(id?._bsontype)) return String(id)
  if (Buffer.isBuffer(id)) return id.toString('hex')
  return id instanceof Date ? date(id) : inspect(id, { breakLength: Infinity })
}

/** Lines of columns, each as wide as its widest cell. The first line are the headings. */
function table (rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd())
}

module.exports = { count, date, idText, sessions, size, table }
