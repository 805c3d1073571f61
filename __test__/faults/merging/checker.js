'use strict'

// Decides whether a store with `conflicts: 'merge'` kept its promises: nothing that was added is lost, and
// nothing that was destroyed comes back. It reads a ledger as ../checker.js does, with other kinds:
//
//   create     the first save of a new session; its result is 'created' or 'updated'
//   save       of a session that was loaded, with a property more, named after the entry's `n`; its result is
//              'updated' or 'gone'
//   get        its result is the numbers of these properties, or null
//   destroyWhere   with `ids`, those that the filter means; its result is how many were destroyed
//   destroy, clear, drop, ping

const { inOrder } = require('../ledger')
const { Tally } = require('../tally')
const { MergingModel } = require('./model')

/** As in ../checker.js, but that the final rows are numbers of properties, by id. */
function check ({ ledger, finalRows, strayEvents = [] }, promises) {
  const checker = new Checker(ledger, promises)
  for (const entry of inOrder(ledger)) checker.take(entry)
  checker.end(finalRows, strayEvents)
  return checker.report()
}

/** What it is called when this result cannot be. */
const CONTRADICTED = { created: 'created twice', gone: 'lost', updated: 'resurrected' }

class Checker {
  #promises
  #models
  #drops = []
  #tally

  constructor (ledger, promises) {
    this.#promises = promises
    this.#tally = new Tally(promises)
    const ids = new Set(ledger.map(({ id }) => id).filter(id => id !== undefined))
    this.#models = new Map([...ids].map(id => [id, new MergingModel(promises)]))
  }

  take (entry) {
    this.#endDrops(entry.calledAt)
    if (entry.kind === 'drop') return this.#drop(entry)
    this.#tally.take(entry)
    const { kind, id, outcome } = entry
    if (kind === 'ping') return
    if (kind === 'get') {
      if (outcome === 'done') this.#observe(entry, entry.result, this.#models.get(id))
      return
    }
    const models = this.#modelsOf(entry)
    if (outcome === 'done') this.#checkResult(entry, models)
    for (const model of models) {
      if (outcome === 'done') model.acknowledge(entry)
      else if (outcome !== 'failed') model.unknown(entry)
    }
  }

  end (finalRows, strayEvents) {
    this.#endDrops(Infinity)
    for (const [id, model] of finalRows ? this.#models : []) {
      this.#observe({ kind: 'final row', id }, finalRows.get(id) ?? null, model)
    }
    for (const id of strayEvents) this.#tally.violate('an event of no save', { kind: 'event', id })
  }

  report () {
    return this.#tally.report()
  }

  #modelsOf ({ kind, id, ids }) {
    if (kind === 'clear') return [...this.#models.values()]
    return (ids ?? [id]).flatMap(id => this.#models.get(id) ?? [])
  }

  /** Whether there can have been a row, or none, as the result says. */
  #checkResult (entry, models) {
    const { kind, result } = entry
    if (kind === 'destroyWhere') return this.#checkCount(entry, models)
    if (kind !== 'create' && kind !== 'save') return
    if (result === undefined) return this.#tally.violate('no event', entry)
    if (kind === 'save' && result === 'created') return this.#tally.violate('resurrected', entry)
    if (!this.#promises.exactResults) return
    const fits = ({ mayBeMissing, mayExist }) => result === 'updated' ? mayExist : mayBeMissing
    const [model] = models
    if (fits(model.view())) return
    if (fits(model.view({ unpromised: true }))) this.#tally.unpromised++
    else this.#tally.violate(CONTRADICTED[result], entry, model.view())
  }

  #checkCount (entry, models) {
    if (!this.#promises.exactResults) return
    const isWithin = options => {
      const views = models.map(model => model.view(options))
      const least = views.filter(view => !view.mayBeMissing).length
      const most = views.filter(view => view.mayExist).length
      return entry.result >= least && entry.result <= most
    }
    if (isWithin()) return
    if (isWithin({ unpromised: true })) this.#tally.unpromised++
    else this.#tally.violate('miscounted', entry)
  }

  #drop ({ settledAt }) {
    for (const model of this.#models.values()) model.dropBegins()
    this.#drops.push(settledAt)
  }

  #endDrops (moment) {
    const over = this.#drops.filter(settledAt => settledAt < moment)
    this.#drops = this.#drops.filter(settledAt => settledAt >= moment)
    for (const model of over.length > 0 ? this.#models.values() : []) over.forEach(() => model.dropEnds())
  }

  #observe (entry, seen, model) {
    const wrong = differenceOf(seen, model.view())
    if (wrong !== undefined) {
      if (differenceOf(seen, model.view({ unpromised: true })) === undefined) this.#tally.unpromised++
      else this.#tally.violate(wrong, { ...entry, result: seen }, model.view())
    }
    model.see(seen)
  }
}

/** What it is called when this was seen and only `view` may be; undefined where it may. */
function differenceOf (seen, { mayBeMissing, mayExist, certain, possible }) {
  if (seen === null) return mayBeMissing ? undefined : 'lost'
  if (!mayExist) return 'resurrected'
  const numbers = new Set(seen)
  if (![...certain].every(n => numbers.has(n))) return 'lost'
  if (!seen.every(n => certain.has(n) || possible.has(n))) return 'resurrected'
}

module.exports = { check }
