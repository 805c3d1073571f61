'use strict'

/**
 * What the store knows of the session objects that an app works on: what each last loaded or saved, and what
 * is stored meanwhile.
 *
 * It is kept beside the objects, which belong to the app, and goes when they go.
 */
class Histories {
  /** By the session that a `get` returned, until the framework makes its own object of it. */
  #loaded = new WeakMap()
  #histories = new WeakMap()

  /**
   * A `get` has returned `session`. `prepared`: what its `stored` value is, decrypted. `expires`: the row's,
   * in milliseconds, if it has one.
   */
  loaded (session, sid, stored, prepared, expires) {
    if (typeof session === 'object' && session !== null) {
      this.#loaded.set(session, new History(sid, stored, prepared, expires))
    }
  }

  /** The framework has made `object` of what a `get` returned. */
  adopt (session, object) {
    const history = this.#loaded.get(session)
    if (history !== undefined && object !== session) this.#histories.set(object, history)
  }

  /** Undefined where there is none. */
  of (object) {
    return this.#histories.get(object) ?? this.#loaded.get(object)
  }

  /** Of an object that is saved for the first time. */
  begin (object, sid) {
    const history = new History(sid)
    this.#histories.set(object, history)
    return history
  }
}

/** Of saves of unknown outcome, how many are remembered: an app may save one object all through an outage. */
const MAX_UNKNOWN = 8

class History {
  /** The last save, which settles when the history is up to date again; null if none is under way. */
  saving = null
  /** What saves of unknown outcome may have stored: `{ stored, base, current }`. */
  unknown = []
  #last

  constructor (sid, stored, prepared, expires) {
    this.sid = sid
    this.expires = expires
    /** The row's value, as it is expected to be; undefined if there has been none. */
    this.stored = stored
    /** What the object last loaded or saved. */
    this.base = prepared
    /** What `stored` is, decrypted: after a merge it has more than `base`. */
    this.current = prepared
  }

  get isNew () {
    return this.stored === undefined
  }

  /** The next save waits for this one, whatever becomes of it. */
  follow (save, saved) {
    this.#last = save
    this.saving = saved.then(() => {}, () => {})
  }

  /** Whether the row has what this object has not, after a merge. */
  get isBehind () {
    return !this.isNew && this.current !== this.base
  }

  /** As far as this object knows: others may have moved the expiration on. */
  get mayHaveExpired () {
    return typeof this.expires === 'number' && this.expires <= Date.now()
  }

  ended (save) {
    if (this.#last === save) this.saving = null
  }

  mayHaveSaved (stored, base, current) {
    this.unknown.push({ stored, base, current })
    if (this.unknown.length > MAX_UNKNOWN) this.unknown.shift()
  }

  saved (stored, base, current) {
    this.unknown = []
    this.stored = stored
    this.base = base
    this.current = current
  }
}

module.exports = { Histories }
