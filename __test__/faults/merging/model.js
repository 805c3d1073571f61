'use strict'

// What the row of one id may be after the calls so far, where saves merge: its properties, each of which one
// save has added and none has changed. A row has all that are certain and some that are possible.

const { LateWrites } = require('../late-writes')

const REMOVALS = new Set(['destroy', 'destroyWhere', 'clear'])

class MergingModel {
  #row = { mayBeMissing: true, mayExist: false, certain: new Set(), possible: new Set() }
  #late
  /** How many drops of the collection are under way. */
  #drops = 0

  /** `promises`: see LateWrites. */
  constructor (promises) {
    this.#late = new LateWrites(promises)
  }

  /** What the row may be. `unpromised`: by what nothing promises to prevent, too. */
  view (options) {
    const late = this.#late.list(options)
    const { mayBeMissing, mayExist, certain, possible } = this.#row
    const mayGo = mayBeMissing || this.#drops > 0 || late.some(({ kind }) => REMOVALS.has(kind))
    const mayCome = late.some(({ kind }) => kind === 'create')
    const added = late.filter(({ kind }) => !REMOVALS.has(kind)).map(({ n }) => n)
    return {
      mayBeMissing: mayGo,
      mayExist: mayExist || mayCome,
      // A row that may have gone and come again has nothing for certain.
      certain: mayGo && (mayCome || this.#drops > 0) ? new Set() : certain,
      possible: new Set([...certain, ...possible, ...added])
    }
  }

  acknowledge ({ kind, n, result }) {
    if (REMOVALS.has(kind) || result === 'gone') this.#become({ mayExist: false })
    // Whatever there was before, and whatever took it.
    else if (result === 'created') this.#become({ mayBeMissing: false, certain: [n] })
    else {
      const { mayBeMissing, mayExist, certain, possible } = this.view()
      const isKept = kind === 'save' || (mayExist && !mayBeMissing)
      this.#become({ mayBeMissing: false, certain: [...isKept ? certain : [], n], possible: mayExist ? possible : [] })
    }
    this.#late.end()
  }

  /** The write may have been applied, and may be applied later. */
  unknown ({ kind, n }) {
    this.#late.add({ kind, n })
  }

  /** From now on somebody drops the collection, at a moment of their own. */
  dropBegins () {
    this.#drops++
  }

  /** What was called before this may have come before or after the drop. */
  dropEnds () {
    this.#row = this.view()
    this.#drops--
  }

  /** What was seen is true, however it came about. `properties`: null for no row. */
  see (properties) {
    if (properties === null) this.#become({ mayExist: false })
    else this.#become({ mayBeMissing: false, certain: properties })
  }

  #become ({ mayBeMissing = true, mayExist = true, certain = [], possible = [] }) {
    this.#row = { mayBeMissing, mayExist, certain: new Set(certain), possible: new Set(possible) }
  }
}

module.exports = { MergingModel, REMOVALS }
