'use strict'

const { isDate } = require('util/types')

const { familyOf } = require('./families')

// What inspect counts, row by row.

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR

/** Until when, in milliseconds from now. */
const EXPIRATIONS = [
  ['expired', 0], ['within an hour', HOUR], ['within a day', DAY], ['within a week', 7 * DAY], ['within two weeks', 14 * DAY],
  ['within a month', 30 * DAY], ['later', Infinity]
]

const KB = 1024

/** Up to how many bytes. */
const SIZES = [['1 KB', KB], ['4 KB', 4 * KB], ['16 KB', 16 * KB], ['64 KB', 64 * KB], ['1 MB', KB * KB], ['more', Infinity]]

class Figures {
  #now
  #rows = 0
  #total = 0
  #largest = 0
  #sizes = counters(SIZES)
  #expirations = { ...counters(EXPIRATIONS), 'when unused': 0, never: 0, 'no date': 0 }
  #layouts = {}
  #encrypted = {}
  #ids = {}

  /** Expirations are counted from `now`, in milliseconds since the epoch. */
  constructor (now) {
    this.#now = now
  }

  /** A row as scanRows yields it. */
  add (row) {
    const bytes = Number(row.bytes)
    this.#rows++
    this.#total += bytes
    this.#largest = Math.max(this.#largest, bytes)
    this.#sizes[bucketOf(SIZES, bytes)]++
    this.#expirations[this.#expirationOf(row)]++
    const family = row.text === null ? null : familyOf(row.text)
    count(this.#layouts, layoutOf(row, family))
    if (family !== null) count(this.#encrypted, family)
    count(this.#ids, row.id)
  }

  report () {
    return {
      rows: this.#rows,
      sizes: {
        total: this.#total,
        mean: this.#rows === 0 ? 0 : Math.round(this.#total / this.#rows),
        largest: this.#largest,
        histogram: this.#sizes
      },
      expirations: this.#expirations,
      layouts: this.#layouts,
      encrypted: this.#encrypted,
      ids: this.#ids
    }
  }

  #expirationOf ({ expires, usedAt, sid }) {
    if (expires === undefined || expires === null) return isDate(usedAt) && sid !== 'missing' ? 'when unused' : 'never'
    return isDate(expires) ? bucketOf(EXPIRATIONS, expires.getTime() - this.#now) : 'no date'
  }
}

function layoutOf ({ session, sid, data, text }, family) {
  if (session === 'missing') return sid !== 'missing' && data !== 'missing' ? 'session-mongoose' : 'no session'
  if (family !== null) return 'connect-mongo, encrypted'
  if (session === 'object') return 'connect-mongo, document'
  if (session === 'string') return text.startsWith('{') ? 'connect-mongo, JSON' : "an app's own form"
  return session === 'null' ? 'no session' : "an app's own form"
}

function counters (buckets) {
  return Object.fromEntries(buckets.map(([name]) => [name, 0]))
}

/** The first bucket whose bound is not below the value. */
function bucketOf (buckets, value) {
  return (buckets.find(([, bound]) => value <= bound) ?? buckets.at(-1))[0]
}

function count (counts, name) {
  counts[name] = (counts[name] ?? 0) + 1
}

module.exports = { Figures }
