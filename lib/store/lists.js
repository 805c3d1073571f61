'use strict'

const { MISSING } = require('../session/codec')
const { asError } = require('../support/errors')

/** Rows and ids that are held at a time, beside the result. */
const ROWS_PER_PAGE = 500
const IDS_PER_PAGE = 5000

/** What a store lists, page by page. But for `entries`, the first page is asked for in the call. */
class Lists {
  #backend
  #readId
  #revive

  /** `revive(row)`: its session, or MISSING. */
  constructor (backend, { readId, revive }) {
    this.#backend = backend
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
        for (const { id, session, expires } of page) {
          yield { id: this.#readId(id), session, expires: expires === null ? null : new Date(expires) }
        }
      }
    } catch (error) {
      throw asError(error)
    }
  }

  async* #pages () {
    let after = null
    do {
      const page = await this.#backend.scan({ after, limit: ROWS_PER_PAGE })
      yield page.rows.map(row => ({ ...row, session: this.#revive(row) })).filter(({ session }) => session !== MISSING)
      after = page.next
    } while (after !== null)
  }
}

module.exports = { Lists }
