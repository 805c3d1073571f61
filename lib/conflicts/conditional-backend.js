'use strict'

const { then, Unreadable } = require('../session/unreadable')
const { OrderedBackend } = require('../support/ordered-backend')
const { Promise } = require('../support/realm')
const { warn } = require('../support/warnings')
const { Histories } = require('./history')
const { differOnlyInExpiration } = require('./merge')
const { Renewal } = require('./renewal')
const { Resolution } = require('./resolution')
const { Save } = require('./save')

/**
 * A backend that takes and returns sessions, on top of one that stores values. A session that was loaded is
 * stored only while its row is as it was; else the store's `conflicts` decides what is.
 *
 * Outcomes come out in the order in which the other backend delivers them.
 */
class ConditionalBackend extends OrderedBackend {
  #histories = new Histories()
  #store

  /**
   * `datesOf(session, sid)`: the dates of a row with this session. `documents`: of the other backend.
   * `fields`: what stands beside the sessions.
   */
  constructor (backend, codec, reader, { conflicts, documents, datesOf, fields, onUnreadable }) {
    super(backend)
    this.#store = {
      codec,
      counts: { conflicts: 0, merges: 0, gone: 0 },
      datesOf,
      documents,
      fields,
      open: onUnreadable === 'error' ? codec.open : value => openReadable(codec, reader, documents.keep(value)),
      reader,
      resolution: new Resolution(conflicts, codec, documents)
    }
  }

  /** The framework has made `object` of a session that `get` returned. */
  adopt (session, object) {
    this.#histories.adopt(session, object)
  }

  get (id, sid) {
    return this.order.pass(this.backend.get(id), row => row && this.#loaded(row, sid))
  }

  /**
   * Resolves to `{ outcome, session }`. The outcome is 'created', 'updated', 'touched' where only the
   * expiration has changed, or 'gone'. The session is there where another was stored than was given.
   */
  set (id, session, dates, sid) {
    const { codec, fields } = this.#store
    const history = this.#historyOf(session, sid)
    const prepared = codec.prepare(session)
    if (history === undefined) {
      const row = { ...dates, fields: fields.of(prepared) }
      return this.setValue(id, codec.seal(prepared), row, outcome => ({ outcome }))
    }
    if (history.saving === null && this.#onlyMoves(history, prepared)) {
      return this.touch(id, dates, session, sid).then(matched => ({ outcome: matched ? 'touched' : 'gone' }))
    }
    const save = new Save(this.#store, { history, sid, prepared, dates })
    const set = this.backend.setIf(id, save.begin(), sizeOf(prepared), (row, resent) => save.conflict(row, resent))
    const saved = this.order.pass(set, outcome => save.succeeded(outcome), error => save.failed(error))
    history.follow(save, saved)
    return saved
  }

  /** Whether there was a row. One that has expired is none. */
  touch (id, dates, session, sid) {
    const history = this.#histories.of(session)
    const touched = matched => {
      if (!matched) this.#store.counts.gone++
      else if (history !== undefined) history.expires = dates.expires
      return matched
    }
    if (!history?.mayHaveExpired || history.isNew) return this.order.pass(this.backend.touch(id, dates), touched)
    const renewal = new Renewal(this.#store, sid, dates)
    const { stored } = history
    const set = this.backend.setIf(id, renewal.attempt(stored), sizeOf(stored), row => renewal.conflict(row))
    return this.order.pass(set, () => touched(true), error => {
      if (renewal.isGone) return touched(false)
      throw renewal.failure ? renewal.failure.error : error
    })
  }

  scan (options) {
    return this.order.pass(this.backend.scan(options), page => this.#page(page))
  }

  rowsWhere (filter) {
    return this.order.pass(this.backend.rowsWhere(filter), page => this.#page(page))
  }

  async #page ({ rows, next }) {
    const { reader } = this.#store
    return { rows: await Promise.all(rows.map(async row => ({ ...row, value: await reader.read(row.value) }))), next }
  }

  async stats () {
    return { ...await this.backend.stats(), ...this.#store.counts }
  }

  /**
   * Undefined for what overwrites: an object that no framework made, and one that is saved under another id.
   */
  #historyOf (session, sid) {
    const history = this.#histories.of(session)
    if (history !== undefined) return history.sid === sid ? history : undefined
    if (isOfFramework(session)) return this.#histories.begin(session, sid)
    warn('CONNECT_MONGO_UNCONDITIONAL_SET', 'a session was saved that is neither one that this store loaded nor ' +
      'one that express-session made: it overwrites what is stored, whatever the option conflicts says')
  }

  /** With `resave`, a session that was not changed is saved for its expiration. */
  #onlyMoves ({ isNew, base }, prepared) {
    if (isNew || mustDiffer(base, prepared)) return false
    const { codec } = this.#store
    return differOnlyInExpiration(codec.toTree(base), codec.toTree(prepared))
  }

  #loaded (row, sid) {
    const { documents, reader } = this.#store
    // What the driver has read becomes the session, which the app changes.
    const stored = documents.keep(row.value)
    return then(reader.open(row.value, stored), opened => {
      const session = reader.revive(opened, stored)
      if (!(session instanceof Unreadable)) {
        this.#histories.loaded(session, sid, stored, opened === row.value ? stored : opened, row.expires)
      }
      return { ...row, value: session }
    })
  }
}

/** `codec.open`, but null for what cannot be read, where that passes for missing. */
function openReadable (codec, reader, value) {
  return then(reader.read(value), session => session instanceof Unreadable ? null : codec.open(value))
}

/** Sessions of express-session, Connect and Express 2 and 3 have these methods. */
function isOfFramework (session) {
  return typeof session?.save === 'function' && typeof session.regenerate === 'function'
}

/** Where a session's cookie begins in its JSON. */
const COOKIE = '"cookie":{'

/**
 * Whether more than the expiration must have changed. Most saves are told apart by this, and need not be
 * decoded.
 */
function mustDiffer (one, other) {
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other)) return one.length !== other.length
  if (typeof one !== 'string' || typeof other !== 'string') return false
  const start = one.indexOf(COOKIE)
  const end = one.indexOf('}', start)
  if (start < 0 || end < 0) return one.length !== other.length // a hook's text
  // A comparison of slices takes a tenth of what `startsWith` and `endsWith` do (Node.js 20, 1 KB).
  return one.slice(0, start) !== other.slice(0, start) || one.slice(end) !== other.slice(end - one.length)
}

/** About how large a prepared session is. */
function sizeOf (prepared) {
  return prepared?.text?.length ?? prepared?.bytes ?? prepared?.length ?? 0
}

module.exports = { ConditionalBackend }
