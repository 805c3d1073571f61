'use strict'

const { projected, READING } = require('./commands')
const { isRefusal } = require('./errors')
const { readId } = require('./ids')
const { mayBeRaw, readRawPage } = require('./raw-rows')
const { liveRow, NO_DATES } = require('./rows')

// Pages of live rows in the order of their `_id`s.
//
// They start by `min` on the `_id` index: `$gt` compares within one BSON type and would skip rows of a
// collection with ids of several types. Only where `min` or the hint is not known does `$gt` stand in.

/** Unauthorized, AuthenticationFailed, MaxTimeMSExpired: no fault of `min`. */
const OTHER_REFUSALS = [13, 18, 50]

class Pages {
  #connection
  #layout
  #warn
  #byGt = false

  /** `warn` gets one message, if the collection knows no `min`. */
  constructor (connection, layout, { warn }) {
    this.#connection = connection
    this.#layout = layout
    this.#warn = warn
  }

  /** The page that follows the row with the `_id` `after`: `{ rows: [{ id, … }], next }`. */
  async read ({ after, limit, now, idsOnly }) {
    // `min` includes the row that ended the page before, hence one more.
    const count = limit + (after === null ? 0 : 1)
    const documents = await this.#documents({ after, count, idsOnly })
    const repeats = after !== null && documents.length > 0 && readId(documents[0]._id).key === after.key
    const rows = []
    for (let n = repeats ? 1 : 0; n < documents.length; n++) {
      const stored = this.#layout.readRow(documents[n])
      const row = stored && liveRow(stored, NO_DATES, now)
      if (row !== null) rows.push(idsOnly ? { id: stored.id } : { id: stored.id, ...row })
    }
    // More than asked for: a collection that is no real one, and has answered with all that it has.
    const next = documents.length === count ? readId(documents.at(-1)._id) : null
    return { rows, next }
  }

  async #documents ({ after, count, idsOnly }) {
    const { projection, idField } = this.#layout
    if (idsOnly && idField === '_id' && mayBeRaw(after)) {
      const documents = readRawPage(await this.#find({ after, count, projection, raw: true }))
      if (documents !== undefined) return documents
    }
    return this.#find({ after, count, projection: idsOnly ? projection : null, raw: false })
  }

  async #find (page) {
    if (!this.#byGt) {
      try {
        const found = await this.#findFrom(page)
        if (!startsBefore(found, page)) return found
      } catch (error) {
        if (!isRefusal(error) || OTHER_REFUSALS.includes(error.code)) throw error
      }
    }
    const found = await this.#findAfter(page)
    if (startsBefore(found, page)) return [] // it knows no order at all, and would never end
    if (!this.#byGt) {
      this.#byGt = true
      this.#warn('the server does not know min with a hint on { _id: 1 }, so that all() and ids() go on by $gt: they ' +
        'miss sessions where ids are of several types')
    }
    return found
  }

  #findFrom (page) {
    const { after } = page
    if (after === null) return this.#run({}, page, { hint: { _id: 1 } })
    return this.#run({}, page, { hint: { _id: 1 }, min: { _id: after.value } })
  }

  #findAfter (page) {
    return this.#run(page.after === null ? {} : { _id: { $gt: page.after.value } }, page, {})
  }

  #run (filter, { count, projection, raw }, start) {
    const options = { ...READING, raw, sort: { _id: 1 }, limit: count, batchSize: count + 1, ...start }
    const cursor = this.#connection.collection.find(filter, options)
    // Driver 2 overlooks the option.
    if (start.min !== undefined) cursor.addQueryModifier?.('$min', start.min)
    return (projection === null ? cursor : projected(cursor, projection)).toArray()
  }
}

/** Whether a page starts before the row that it should follow, as far as that is easily told. */
function startsBefore (found, { after, count }) {
  if (after === null || found.length !== count) return false
  const [first] = readRawPage(found.slice(0, 1)) ?? []
  if (typeof first?._id !== typeof after.value) return false
  if (typeof after.value === 'number') return first._id < after.value
  return typeof after.value === 'string' && Buffer.compare(Buffer.from(first._id), Buffer.from(after.value)) < 0
}

module.exports = { Pages }
