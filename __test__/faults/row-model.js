'use strict'

// What one id's row may be after the calls so far, as far as a caller can know it.
//
// A row is `{ n, expires }`: `n` is the number of the set that stored it, `expires` the date of the last set
// or touch, in milliseconds. null is no row.

const { LateWrites } = require('./late-writes')

class RowModel {
  /** What the acknowledged calls have left. */
  #rows = new Map([[keyOf(null), null]])
  #late
  /** Touches that have changed nothing. Until they failed, gets showed their dates over the rows found. */
  #shown = []
  /** How many drops of the collection are under way. */
  #drops = 0

  /** `promises`: see LateWrites. */
  constructor (promises) {
    this.#late = new LateWrites(promises)
  }

  /** The rows that may be there. `unpromised`: those too that nothing promises to prevent. */
  rows (options) {
    const late = this.#late.list(options)
    const rows = new Map(this.#rows)
    for (const { kind, n, expires } of late) {
      if (kind === 'set') add(rows, { n, expires })
      if (kind === 'destroy' || kind === 'clear') add(rows, null)
    }
    if (this.#drops > 0) add(rows, null)
    const touches = late.filter(({ kind }) => kind === 'touch')
    for (const row of [...rows.values()]) {
      if (row !== null) for (const { expires } of touches) add(rows, { ...row, expires })
    }
    return [...rows.values()]
  }

  /** The rows that a get may have shown that was called at this moment. */
  shown (calledAt, options) {
    const rows = this.rows(options)
    const touches = this.#shown.filter(({ settledAt }) => settledAt > calledAt)
    const touched = touches.flatMap(({ expires }) => rows.map(row => row && { ...row, expires }))
    return [...rows, ...touched]
  }

  /** A touch has failed, and changed nothing. */
  untouched ({ expires, settledAt }) {
    this.#shown.push({ expires, settledAt })
  }

  /** A write was acknowledged. `missed`: a touch that found no row. */
  acknowledge ({ kind, n, expires, missed }) {
    if (kind === 'set') this.#become([{ n, expires }])
    else if (kind !== 'touch') this.#become([null])
    else if (missed) this.#become([null])
    else this.#become(this.rows().map(row => row && { ...row, expires }))
    this.#late.end()
  }

  /** The write may have been applied, and may be applied later. */
  unknown ({ kind, n, expires }) {
    this.#late.add({ kind, n, expires })
  }

  /** From now on somebody drops the collection, at a moment of their own. */
  dropBegins () {
    this.#drops++
  }

  /** What was called before this may have come before or after the drop. */
  dropEnds () {
    this.#become(this.rows())
    this.#drops--
  }

  /** What was seen is true, however it came about. */
  see (row) {
    this.#become([row])
  }

  #become (rows) {
    this.#rows = new Map(rows.map(row => [keyOf(row), row]))
  }
}

function add (rows, row) {
  rows.set(keyOf(row), row)
}

function keyOf (row) {
  return row === null ? '' : `${row.n}@${row.expires}`
}

module.exports = { RowModel }
