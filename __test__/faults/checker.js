'use strict'

// Decides whether a store kept its promises, from the ledger of what was called and what came of it. It knows
// no store and no server.
//
// An entry of the ledger, in the order of the calls:
//
//   n          its number, from 0
//   kind       set, get, touch, destroy; clear, all, ids, length; sweep and ping, which change nothing;
//              drop (of the collection, by somebody else)
//   id         of the first four
//   expires    of a set or touch: the date that it stores, in milliseconds
//   calledAt, settledAt   moments: numbers that grow with each call and each outcome; Infinity for never
//   settled    how often it had an outcome; `callbacks`, how often its callback was called, if it had one
//   ageMS      how long it took, while the event loop ran
//   outcome    'done'; 'failed' (it has changed nothing); 'unknown' (it may have changed something).
//              `isUnexplained`: it failed with no error
//   result     of a set 'created' or 'updated'; of a touch or destroy whether there was a row, if it says so;
//              of a get { n, expires } or null, with the set's `n`; of `all` such rows with their `id`;
//              of `ids` ids; of `length` a number

const { inOrder } = require('./ledger')
const { Listing } = require('./listing')
const { RowModel } = require('./row-model')
const { Tally } = require('./tally')

/**
 * `finalRows`: what was stored in the end, by id; `strayEvents`: ids with an event of no set.
 *
 * `promises`: `fences` (see LateWrites); `exactResults`, whether an acknowledged write says truly whether
 * there was a row; `touchesMayPass`, but for touches, which may say so without knowing; `showsTouches`,
 * whether a get shows the dates of touches; `timeoutMS`, the operation timeout, if there is one.
 *
 * Returns `violations`, each `{ kind, entry, possible }`, and counts. `unpromised` counts what contradicts
 * the order of the calls and could not have been prevented: see LateWrites.
 */
function check ({ ledger, finalRows, strayEvents = [] }, promises) {
  const checker = new Checker(ledger, promises)
  for (const entry of inOrder(ledger)) checker.take(entry)
  checker.end(finalRows, strayEvents)
  return checker.report()
}

class Checker {
  #promises
  /** What each row may be, by id. */
  #models
  /** Listings and drops that are not over yet. */
  #open = []
  #tally

  constructor (ledger, promises) {
    this.#promises = promises
    this.#tally = new Tally(promises)
    const ids = new Set(ledger.map(({ id }) => id).filter(id => id !== undefined))
    this.#models = new Map([...ids].map(id => [id, new RowModel(promises)]))
  }

  take (entry) {
    this.#expire(entry.calledAt)
    if (entry.kind !== 'drop') this.#tally.take(entry)
    switch (entry.kind) {
      case 'get': return this.#get(entry)
      case 'clear': return this.#clear(entry)
      case 'drop': return this.#drop(entry)
      case 'all': case 'ids': case 'length': return this.#list(entry)
      case 'sweep': case 'ping': return
      default: return this.#write(entry)
    }
  }

  end (finalRows, strayEvents) {
    this.#expire(Infinity)
    if (finalRows) {
      for (const [id, model] of this.#models) this.#observe({ kind: 'final row', id }, finalRows.get(id) ?? null, model)
      for (const id of finalRows.keys()) if (!this.#models.has(id)) this.#violate('invented', { kind: 'final row', id })
    }
    for (const id of strayEvents) this.#violate('an event of no set', { kind: 'event', id })
  }

  report () {
    return this.#tally.report()
  }

  #get (entry) {
    if (entry.outcome === 'done') this.#observe(entry, entry.result, this.#models.get(entry.id))
  }

  #write (entry) {
    const model = this.#models.get(entry.id)
    if (entry.outcome === 'done') this.#checkResult(entry, model)
    this.#apply(entry, [[entry.id, model]])
  }

  #clear (entry) {
    this.#apply(entry, this.#models)
  }

  #apply (entry, models) {
    for (const [, model] of models) {
      if (entry.outcome === 'done') model.acknowledge(entry)
      else if (entry.outcome !== 'failed') model.unknown(entry)
      else if (entry.kind === 'touch') model.untouched(entry)
    }
    this.#extend(models)
  }

  /** Whether there can have been a row, or none, as the write's result says. */
  #checkResult (entry, model) {
    if (!this.#promises.exactResults) return
    if (entry.result === undefined) {
      if (entry.kind === 'set') this.#violate('no event', entry)
      return
    }
    const found = entry.result === 'updated' || entry.result === true
    const fits = row => (row !== null) === found
    if (model.rows().some(fits)) return
    const passes = this.#promises.touchesMayPass && entry.kind === 'touch' && found
    if (passes || model.rows({ unpromised: true }).some(fits)) this.#tally.unpromised++
    else if (entry.result === 'created') this.#violate('created twice', entry, model)
    else this.#violate(found ? 'found a row that is not there' : 'missed a row that is there', entry, model)
  }

  #list (entry) {
    if (entry.outcome !== 'done') return
    const listing = new Listing(entry, this.#models)
    this.#open.push({
      settledAt: entry.settledAt,
      extend: models => { for (const [id, model] of models) listing.allow(id, model) },
      end: () => this.#endListing(listing)
    })
  }

  #endListing (listing) {
    for (const { wrong, detail, unpromised } of listing.compare(this.#promises)) {
      if (unpromised) this.#tally.unpromised++
      else this.#violate(wrong, { ...listing.entry, result: undefined, ...detail })
    }
  }

  #drop ({ settledAt }) {
    for (const model of this.#models.values()) model.dropBegins()
    this.#extend(this.#models)
    this.#open.push({
      settledAt,
      extend () {},
      end: () => { for (const model of this.#models.values()) model.dropEnds() }
    })
  }

  /** A listing that is under way may see what these rows have become. */
  #extend (models) {
    for (const { extend } of this.#open) extend(models)
  }

  /** Ends what was over at this moment. */
  #expire (moment) {
    const over = this.#open.filter(({ settledAt }) => settledAt < moment)
    if (over.length === 0) return
    this.#open = this.#open.filter(({ settledAt }) => settledAt >= moment)
    for (const { end } of over) end()
  }

  /** Somebody saw what an id's row was. */
  #observe (entry, seen, model) {
    const isSeen = row => this.#isSame(row, seen)
    const { calledAt = Infinity } = entry
    if (model.shown(calledAt).some(isSeen)) return
    if (model.shown(calledAt, { unpromised: true }).some(isSeen)) this.#tally.unpromised++
    else this.#violate(nameOf(seen, model.rows()), { ...entry, result: seen }, model)
    model.see(seen)
  }

  #isSame (row, seen) {
    if (row === null || seen === null) return row === seen
    return row.n === seen.n && (!this.#promises.showsTouches || row.expires === seen.expires)
  }

  #violate (kind, entry, model) {
    this.#tally.violate(kind, entry, model?.rows())
  }
}

/** What it is called when this was seen and only `possible` may be. */
function nameOf (seen, possible) {
  if (seen === null) return 'lost'
  const numbers = possible.filter(row => row !== null).map(({ n }) => n)
  if (numbers.length === 0) return 'resurrected'
  if (numbers.includes(seen.n)) return 'another expiration'
  return seen.n < Math.max(...numbers) ? 'lost' : 'seen too early'
}

module.exports = { check }
