'use strict'

// What `all`, `ids` or `length` may have seen. They see what was called before them. They are no snapshots:
// until they end, they may see what was called after them, row by row.

class Listing {
  entry
  /** By id: the rows that may have been there, from the call to the outcome. */
  #promised = new Map()
  #unpromised = new Map()

  /** `models`: what each row may be when the listing is called, by id. */
  constructor (entry, models) {
    this.entry = entry
    for (const [id, model] of models) this.allow(id, model)
  }

  /** A row may have become what `model` says. */
  allow (id, model) {
    for (const [rows, options] of [[this.#promised, {}], [this.#unpromised, { unpromised: true }]]) {
      rows.set(id, [...rows.get(id) ?? [], ...model.rows(options)])
    }
  }

  /** What does not fit, as `{ wrong, detail }`, or `{ unpromised }` where nothing was promised. */
  compare ({ showsTouches }) {
    const wrong = this.#differences(this.#promised, showsTouches)
    if (wrong.length === 0) return []
    return this.#differences(this.#unpromised, showsTouches).length === 0 ? [{ unpromised: true }] : wrong
  }

  #differences (allowed, showsTouches) {
    const { kind, result } = this.entry
    if (kind === 'length') return this.#counted(allowed, result)
    const listed = new Map(result.map(item => typeof item === 'string' ? [item, {}] : [item.id, item]))
    const wrong = []
    for (const id of listed.keys()) if (!allowed.has(id)) wrong.push({ wrong: 'listed what nobody stored', detail: { id } })
    for (const [id, rows] of allowed) {
      const seen = listed.get(id)
      if (seen === undefined) {
        if (!rows.includes(null)) wrong.push({ wrong: 'not listed', detail: { id, possible: rows } })
      } else if (!rows.some(row => row !== null && isSame(row, seen, showsTouches))) {
        wrong.push({ wrong: 'listed and not there', detail: { id, seen, possible: rows } })
      }
    }
    return wrong
  }

  #counted (allowed, count) {
    const all = [...allowed.values()]
    const least = all.filter(rows => !rows.includes(null)).length
    const most = all.filter(rows => rows.some(row => row !== null)).length
    return count >= least && count <= most ? [] : [{ wrong: 'miscounted', detail: { count, least, most } }]
  }
}

/** Where only ids are listed, any row of the id will do. */
function isSame (row, seen, showsTouches) {
  if (seen.n === undefined) return true
  return row.n === seen.n && (!showsTouches || row.expires === seen.expires)
}

module.exports = { Listing }
