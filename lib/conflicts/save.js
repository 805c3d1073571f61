'use strict'

const { isPromise } = require('../support/realm')
const { isLive, LOOKS } = require('./conditional-touch')
const { unmatchable } = require('./errors')
const { isSame } = require('./merge')

/** What a set expects that must find no row. */
const NO_ROW = false

/**
 * One save of one session object. What is sent is an attempt, `{ value, dates, expected, now }`: the row must
 * hold the value `expected`, and, unless `now` is null, must not have expired by then.
 */
class Save {
  #store
  #history
  #sid
  #prepared
  /** Those of the object's own cookie, and those of what is stored instead. */
  #ownDates
  #dates
  /** What the row holds if the set succeeds: sealed, and not. */
  #sent
  #current
  /** What the row must hold for that. */
  #expected
  #isMerged = false
  /** How often the row was found as it was expected, after a miss. */
  #looks = 0
  #hasFailed = false
  /** Why the set was given up: `{ outcome }`, or `{ error }`. */
  #given = null

  /**
   * `store`: `{ codec, documents, fields, resolution, counts, datesOf, moved, open }`, the same for all its
   * saves.
   * `prepared`: the session as it is now.
   */
  constructor (store, { history, sid, prepared, dates }) {
    this.#store = store
    this.#history = history
    this.#sid = sid
    this.#prepared = prepared
    this.#ownDates = dates
    this.#dates = dates
  }

  /**
   * The first attempt, or the promise of it: saves of one object queue, since each builds on what the one
   * before has left.
   */
  begin () {
    const { saving } = this.#history
    const first = saving === null ? this.#first() : saving.then(() => this.#first())
    // The set itself fails only by having got no value.
    if (isPromise(first)) first.catch(error => { this.#given = { error } })
    return first
  }

  #first () {
    const { isNew, stored, current, isBehind } = this.#history
    // After a merge the row has what this object has not: that is no deletion.
    return this.#attempt(isBehind ? this.#resolved(current) : this.#prepared, isNew ? NO_ROW : stored)
  }

  #attempt (prepared, expected, now = Date.now()) {
    this.#current = prepared
    this.#expected = expected
    // First the fields: what fails by them must leave no encryption that nobody waits for.
    const dates = { ...this.#dates, fields: this.#store.fields.of(prepared) }
    const sealed = this.#store.codec.seal(prepared)
    const attempt = value => {
      this.#sent = value
      return { value, dates, expected, now }
    }
    return isPromise(sealed) ? sealed.then(attempt) : attempt(sealed)
  }

  /**
   * The set found `row` instead, or none. `resent`: the set may have been sent twice, so that `row` may be
   * its own. Resolves to the next attempt; null gives the set up.
   */
  async conflict (row, resent = false) {
    if (this.#hasFailed) return null
    try {
      const next = await this.#next(row, resent)
      if (next.outcome === undefined) return next
      this.#given = next
    } catch (error) {
      this.#given = { error }
    }
    return null
  }

  #next (row, resent) {
    const inserts = this.#expected === NO_ROW
    if (resent && row !== null && this.#isEqual(row.value, this.#sent)) {
      return { outcome: inserts ? 'created' : 'updated' }
    }
    if (isLive(row)) return this.#resolve(row)
    if (!this.#history.isNew) {
      this.#store.counts.gone++
      return { outcome: 'gone' }
    }
    if (row !== null) this.#look(row)
    // A new session takes the place of an expired one.
    return row === null ? this.#attempt(this.#prepared, NO_ROW) : this.#attempt(this.#prepared, row.value, null)
  }

  async #resolve (row) {
    const { counts, open } = this.#store
    // Others may have stored it once more.
    if (this.#look(row)) return this.#attempt(this.#current, row.value)
    const own = this.#history.unknown.find(({ stored }) => this.#isEqual(row.value, stored))
    if (own !== undefined) {
      this.#history.saved(row.value, own.base, own.current)
      this.#isMerged = false
      this.#dates = this.#ownDates
      return this.#first()
    }
    counts.conflicts++
    const resolved = this.#resolved(await open(row.value))
    counts.merges++
    return this.#attempt(resolved, row.value)
  }

  /** Whether the row is as it was expected, and yet was not matched; throws when that happens too often. */
  #look (row) {
    if (this.#expected === NO_ROW || !this.#isEqual(row.value, this.#expected)) return false
    if (++this.#looks === LOOKS) throw unmatchable(this.#sid)
    return true
  }

  /** What to store in place of `theirs`. */
  #resolved (theirs) {
    const { datesOf, resolution } = this.#store
    const resolved = resolution.resolve(this.#history.base, theirs, this.#prepared, this.#sid)
    this.#isMerged = true
    this.#dates = datesOf(withExpiration(resolution.sessionOf(resolved)), this.#sid)
    return resolved
  }

  #isEqual (one, other) {
    const { bare } = this.#store.documents
    return isSame(bare(one), bare(other))
  }

  /** What the set's success comes to. `session`: what was stored instead of the object. */
  succeeded (outcome) {
    this.#history.ended(this)
    this.#history.saved(this.#sent, this.#prepared, this.#current)
    this.#store.moved(this.#history, this.#dates)
    return { outcome, session: this.#isMerged ? this.#store.resolution.sessionOf(this.#current) : undefined }
  }

  /** What the set's failure comes to, which may be a success of its own making. */
  failed (error) {
    this.#history.ended(this)
    this.#hasFailed = true
    if (this.#given === null) {
      if (this.#sent !== undefined) this.#history.mayHaveSaved(this.#sent, this.#prepared, this.#current)
      throw error
    }
    if ('error' in this.#given) throw this.#given.error
    return this.#given.outcome === 'gone' ? this.#given : this.succeeded(this.#given.outcome)
  }
}

/** A hook that stores the Cookie itself stores its inner field. */
function withExpiration (session) {
  const cookie = session?.cookie
  if (cookie?._expires && cookie.expires === undefined) cookie.expires = cookie._expires
  return session
}

module.exports = { NO_ROW, Save }
