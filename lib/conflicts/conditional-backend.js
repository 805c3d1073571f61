'use strict'

const { isPlain } = require('../session/plain')
const { then, Unreadable } = require('../session/unreadable')
const { OrderedBackend } = require('../support/ordered-backend')
const { Promise } = require('../support/realm')
const { warn } = require('../support/warnings')
const { ConditionalTouch } = require('./conditional-touch')
const { Histories } = require('./history')
const { differOnlyInExpiration, mergeCookies } = require('./merge')
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
   * `fields`: what stands beside the sessions. `isLimited`: whether sessions have a maximal lifetime.
   */
  constructor (backend, codec, reader, { conflicts, documents, datesOf, fields, isLimited, onUnreadable }) {
    super(backend)
    this.#store = {
      codec,
      counts: { conflicts: 0, merges: 0, gone: 0 },
      datesOf,
      documents,
      fields,
      // Within a lifetime the server moves it less far, nobody says how far.
      moved: (history, { expires }) => { if (!isLimited) history.expires = expires },
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
    const isKnown = history.saving === null && history.unknown.length === 0
    if (isKnown && this.#onlyMoves(history, prepared)) {
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
    const known = this.#histories.of(session)
    const history = known?.sid === sid && !known.isNew ? known : undefined
    const moving = history?.isBehind ? this.#mergedDates(history, session, dates) : dates
    const touched = matched => {
      if (!matched) this.#store.counts.gone++
      else if (history !== undefined) this.#store.moved(history, moving)
      return matched
    }
    if (!history?.mayHaveExpired) return this.order.pass(this.backend.touch(id, moving), touched)
    const touch = new ConditionalTouch(this.#store, sid, moving)
    const { stored } = history
    const set = this.backend.setIf(id, touch.attempt(stored), sizeOf(stored), row => touch.conflict(row))
    return this.order.pass(set, () => touched(true), error => {
      if (touch.isGone) return touched(false)
      throw touch.failure ? touch.failure.error : error
    })
  }

  /** After a merge, the cookie that is stored may live longer than that of the object. */
  #mergedDates ({ base, current, sid }, session, dates) {
    const { codec, datesOf, resolution } = this.#store
    const [one, theirs, ours] = [base, current, codec.prepare(session)].map(prepared => codec.toTree(prepared)?.cookie)
    if (mergeCookies(one, theirs, ours) !== theirs) return dates
    const merged = resolution.sessionOf(current)
    const maxAge = merged?.cookie?.originalMaxAge
    if (typeof maxAge === 'number') merged.cookie.expires = new Date(Date.now() + maxAge)
    return datesOf(merged, sid)
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

/**
 * Sessions of express-session, Connect and Express 2 and 3 have this method, and their request. Those of
 * @fastify/session, which calls no `createSession`, have not: nobody knows which are new.
 */
function isOfFramework (session) {
  return typeof session?.regenerate === 'function' && typeof session.req?.sessionStore === 'object'
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
  if (isPlain(prepared)) return 0 // a document that a driver has read, whose properties are the app's
  return prepared?.text?.length ?? prepared?.bytes ?? prepared?.length ?? 0
}

module.exports = { ConditionalBackend }
