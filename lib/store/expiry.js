'use strict'

const backends = require('../backends')
const dates = require('../session/dates')
const { identity, MISSING } = require('../session/codec')
const { Reader, Unreadable } = require('../session/unreadable')
const { asError } = require('../support/errors')
const { Promise } = require('../support/realm')
const { warn } = require('../support/warnings')

// The event 'expire'. While a store has a listener, it removes expired sessions one by one. MongoDB gives
// each row to one of those who claim it at once, which is the one that announces the session.

/** Ids that are held at a time. */
const ROWS_PER_PAGE = 1000

/** Claims under way at a time: they are to leave connections for requests. */
const CLAIMS = 8

/** What becomes of expired sessions, by `autoRemove`. */
const OTHERS = { native: 'MongoDB removes expired sessions, unannounced', disabled: 'nobody removes expired sessions' }

const REMEDIES = { 'connect-mongo': "autoRemove: 'interval'", 'session-mongoose': 'sweeper: true, without ttl' }

class Expiry {
  #backend
  #store
  #reader
  #form
  #tell
  #isDue = false
  #isClosed = false
  #sweeps = new Set()

  /**
   * `backend`: the one that stores values. `tell` gets ('expire', id, session), and ('error', error) of a
   * sweep that nobody called for.
   */
  constructor (store, backend, codec, form, tell) {
    this.#store = store
    this.#backend = backend
    this.#reader = new Reader(codec, identity)
    this.#form = form
    this.#tell = tell
  }

  get #isHeard () {
    return this.#store.listenerCount('expire') > 0
  }

  /** Warns of listeners that hear nothing, or not of all. */
  check () {
    const { autoRemove, collection, layout } = this.#form
    if (autoRemove === 'interval' || !this.#isHeard) return
    warn('CONNECT_MONGO_EXPIRE', `${collection}: the event expire is emitted by stores that remove expired sessions ` +
      `themselves, and here ${OTHERS[autoRemove]}. Remedy: ${REMEDIES[layout.kind]}, in all processes`)
  }

  /**
   * The backend's interval is over. `answer(false)`: nobody listens, so that it sweeps by one command;
   * `answer(true)`: this has swept.
   */
  async due (answer) {
    if (this.#isDue || this.#isClosed) return
    if (!this.#isHeard) return answer(false)
    this.#isDue = true
    try {
      await this.#claim()
    } catch (error) {
      if (!this.#isClosed) this.#tell('error', asError(error))
    }
    this.#isDue = false
    answer(true)
  }

  /** How many were removed. */
  async sweep () {
    this.check()
    return this.#isHeard ? this.#claim() : this.#backend.sweep()
  }

  /** Claims nothing more. Resolves when what was claimed has been announced. */
  async close () {
    this.#isClosed = true
    await Promise.allSettled(this.#sweeps)
  }

  #claim () {
    const sweep = this.#claimPages()
    const forget = () => this.#sweeps.delete(sweep)
    this.#sweeps.add(sweep)
    sweep.then(forget, forget)
    return sweep
  }

  async #claimPages () {
    let removed = 0
    for (;;) {
      const { rows, now } = await this.#backend.expired(ROWS_PER_PAGE)
      const isFull = rows.length === ROWS_PER_PAGE
      const claimed = await this.#claimAll(shuffled(rows), now)
      removed += claimed
      // Without a claim in a whole page, others are about it, or what is listed cannot be removed.
      if (!isFull || claimed === 0 || this.#isClosed) return removed
    }
  }

  async #claimAll (rows, now) {
    let claimed = 0
    const failures = []
    const claimer = async () => {
      while (rows.length > 0 && failures.length === 0 && !this.#isClosed) {
        const row = await this.#backend.claim(rows.pop(), now)
        if (row === null) continue
        claimed++
        const session = await this.#sessionOf(row)
        this.#tell('expire', backends[this.#form.backend].readId(row.id), session)
      }
    }
    const claimers = Array.from({ length: CLAIMS }, () => claimer().catch(error => { failures.push(error) }))
    await Promise.all(claimers)
    if (failures.length > 0) throw failures[0]
    return claimed
  }

  /** Undefined if it cannot be read: it is removed by now. */
  async #sessionOf ({ value, expires }) {
    try {
      const session = await this.#reader.read(value)
      if (session === MISSING || session === null || session instanceof Unreadable) return undefined
      dates.showExpires(session, expires)
      return session
    } catch {
      return undefined
    }
  }
}

/** In another order than other processes, which claim at the same time. */
function shuffled (rows) {
  for (let last = rows.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [rows[last], rows[other]] = [rows[other], rows[last]]
  }
  return rows
}

module.exports = { Expiry }
