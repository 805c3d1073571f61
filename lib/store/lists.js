'use strict'

const { suggestion } = require('../dialects/names')
const { MISSING } = require('../session/codec')
const { describe } = require('../support/describe')
const { asError } = require('../support/errors')

/** Rows and ids that are held at a time, beside the result. */
const ROWS_PER_PAGE = 500
const IDS_PER_PAGE = 5000

/** What a store lists, page by page. But for `entries`, the first page is asked for in the call. */
class Lists {
  #backend
  #fields
  #readId
  #revive

  /** `revive(row)`: its session, or MISSING. */
  constructor (backend, { fields, readId, revive }) {
    this.#backend = backend
    this.#fields = fields
    this.#readId = readId
    this.#revive = revive
  }

  async sessions () {
    const sessions = []
    for await (const page of this.#pages()) sessions.push(...page.map(({ session }) => session))
    return sessions
  }

  async ids () {
    const ids = []
    let after = null
    do {
      const page = await this.#backend.ids({ after, limit: IDS_PER_PAGE })
      for (const id of page.rows) ids.push(this.#readId(id))
      after = page.next
    } while (after !== null)
    return ids
  }

  async* entries () {
    try {
      for await (const page of this.#pages()) {
        for (const row of page) yield this.#entry(row)
      }
    } catch (error) {
      throw asError(error)
    }
  }

  async countWhere (filter) {
    return await this.#backend.countWhere(this.#fields.filter(filter))
  }

  async idsWhere (filter) {
    const { rows } = await this.#backend.idsWhere(this.#fields.filter(filter))
    return rows.map(id => this.#readId(id))
  }

  async entriesWhere (filter) {
    const { rows } = await this.#backend.rowsWhere(this.#fields.filter(filter))
    return this.#readable(rows).map(row => this.#entry(row))
  }

  /** `makeId` makes a session id what the backend takes. */
  async destroyWhere (filter, options, makeId) {
    const sid = exceptOf(options)
    return await this.#backend.destroyWhere(this.#fields.filter(filter), sid === null ? null : makeId(sid))
  }

  async* #pages () {
    let after = null
    do {
      const page = await this.#backend.scan({ after, limit: ROWS_PER_PAGE })
      yield this.#readable(page.rows)
      after = page.next
    } while (after !== null)
  }

  #readable (rows) {
    return rows.map(row => ({ ...row, session: this.#revive(row) })).filter(({ session }) => session !== MISSING)
  }

  #entry ({ id, session, expires }) {
    return { id: this.#readId(id), session, expires: expires === null ? null : new Date(expires) }
  }
}

/** The session id that stays; null if none does. One that is undefined by mistake must not end all. */
function exceptOf (options = {}) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of destroyWhere must be an object: got ${describe(options)}`)
  }
  const unknown = Object.keys(options).find(name => name !== 'except')
  if (unknown !== undefined) {
    throw new TypeError(`destroyWhere knows no option ${unknown.slice(0, 40)}${suggestion(unknown, ['except'])}`)
  }
  if (!Object.hasOwn(options, 'except')) return null
  if (isNothing(options.except)) throw new TypeError(`except must be a session id: got ${describe(options.except)}`)
  return options.except
}

function isNothing (value) {
  return value === null || value === undefined
}

module.exports = { Lists }
