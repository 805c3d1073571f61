'use strict'

const { MISSING } = require('../session/codec')
const { unshared } = require('../session/plain')
const { NO_FIELDS } = require('./fields')

/** Rows that are read at a time, and of these how many are written at a time. */
const ROWS_PER_PAGE = 500
const WRITES = 100

/** How often a row is tried that is saved again and again meanwhile. */
const ATTEMPTS = 5

/** Writes the fields of the rows that were stored without them, or by other functions. */
class Backfill {
  #backend
  #codec
  #documents
  #fields
  #counts = { total: 0, done: 0, written: 0, gone: 0, unreadable: 0, changing: 0 }

  /** `backend`: the one whose rows hold what is stored. */
  constructor (backend, { codec, documents, fields }) {
    this.#backend = backend
    this.#codec = codec
    this.#documents = documents
    this.#fields = fields
  }

  /** Calls `onProgress` with `{ done, total }`, in rows, after each page. Returns what became of the rows. */
  async run ({ onProgress = () => {} } = {}) {
    if (this.#fields === NO_FIELDS) throw new TypeError('backfill needs the option fields, which is not there')
    const counts = this.#counts
    counts.total = await this.#backend.count()
    let after = null
    do {
      const page = await this.#backend.scan({ after, limit: ROWS_PER_PAGE })
      for (let start = 0; start < page.rows.length; start += WRITES) {
        const ends = await Promise.all(page.rows.slice(start, start + WRITES).map(row => this.#fill(row)))
        for (const end of ends) counts[end]++
      }
      counts.done += page.rows.length
      // Rows come and go meanwhile.
      counts.total = Math.max(counts.total, counts.done)
      onProgress({ done: counts.done, total: counts.total })
      after = page.next
    } while (after !== null)
    const { done, written, gone, unreadable, changing } = counts
    return { sessions: done, written, gone, unreadable, changing }
  }

  /** A row that is saved meanwhile is read again: its fields must be those of the session beside them. */
  async #fill ({ id, value }) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = this.#documents.keep(value) // a hook may change what the driver has read
      const opened = await this.#opened(value)
      if (opened === MISSING) return 'unreadable'
      if (await this.#backend.writeFields(id, stored, this.#fields.of(opened))) return 'written'
      const row = await this.#backend.get(id)
      if (row === null) return 'gone'
      value = row.value
    }
    return 'changing'
  }

  /** What is stored, decrypted; MISSING if it cannot be read. */
  async #opened (value) {
    try {
      const opened = await this.#codec.open(value)
      this.#codec.revive(unshared(opened, this.#documents))
      return opened
    } catch {
      return MISSING
    }
  }
}

module.exports = { Backfill }
