'use strict'

const backends = require('./backends')
const { keys } = require('./crypto/keys')
const { MISSING } = require('./session/codec')
const dates = require('./session/dates')
const { shortId } = require('./session/ids')
const { Unreadable } = require('./session/unreadable')
const { abandoned } = require('./store/abandoned')
const { Backfill } = require('./store/backfill')
const { disposable } = require('./store/disposable')
const { Expiry } = require('./store/expiry')
const { fieldsOf } = require('./store/fields')
const { hide } = require('./store/hidden')
const { withNamedHooks } = require('./store/hooks')
const { codecOf, layered } = require('./store/layers')
const { Lists } = require('./store/lists')
const { boundedByOutages } = require('./store/outage-backend')
const { UnreadableRows } = require('./store/unreadable-rows')
const { answer } = require('./support/callbacks')
const { areOperationsTraced, traceOperation } = require('./support/channels')
const debug = require('./support/debug')
const { asError } = require('./support/errors')
const { nextTick, Promise } = require('./support/realm')
const { warnIfRefused } = require('./support/validators')
const { warn } = require('./support/warnings')

/**
 * The store on top of an app's own Store class, whichever express-session, Connect or Express it is of.
 * `dialectOf` returns the dialect for a store's options.
 */
function defineStore (Store, { dialectOf, MemoryStore }) {
  class MongoStore extends Store {
    #attached
    #backend
    #backfill
    #dialect
    #encode
    #expiry
    #fieldsOf
    #form
    #isConditional
    #kind
    #lists
    #read
    #unreadable

    constructor (options) {
      if (MemoryStore && options?.fallbackMemory) return new MemoryStore()

      const dialect = dialectOf(options)
      const form = withNamedHooks(dialect.normalize(options))
      const kind = backends[form.backend]
      const codec = codecOf(form, kind)
      super(options)
      this.#dialect = dialect
      this.#form = form
      this.#kind = kind
      const backend = kind.open(form)
      this.#isConditional = form.conflicts !== 'overwrite'
      const fields = fieldsOf(form, codec, kind)
      const bounded = boundedByOutages(this, backend, form)
      const layers = layered(bounded, codec, form, kind, { datesOf: this.#datesOf.bind(this), fields })
      this.#backend = layers.backend
      this.#encode = layers.encode
      this.#fieldsOf = layers.fieldsOf
      this.#read = layers.read
      this.#unreadable = new UnreadableRows(layers.backend, kind, form)
      const revive = row => this.#unreadable.listed(this.#found(row))
      this.#lists = new Lists(layers.backend, { fields, readId: kind.readId, revive })
      this.#backfill = options => new Backfill(bounded, { codec, documents: kind.documents, fields }).run(options)
      this.#expiry = new Expiry(this, bounded, codec, form, (...details) => this.#heard(...details))

      Object.assign(this, dialect.properties(form, options))
      if (dialect.hasState) this.state = 'connecting'
      hide(this, 'options', dialect.options(form, options))
      if (backend.timer !== undefined) this.timer = backend.timer
      this.#attached = dialect.attach(this, form, backend)
      this.#listen(bounded, backend)
    }

    /** The session, or what the dialect returns when there is none. */
    get (sid, callback) {
      return this.#perform('get', this.#get, callback, sid)
    }

    set (sid, session, callback) {
      return this.#perform('set', this.#set, callback, sid, session)
    }

    /** Moves the expiration, unless `touchAfter` says that it was moved recently enough. */
    touch (sid, session, callback) {
      if (typeof session === 'function') [session, callback] = [undefined, session]
      return this.#perform('touch', this.#touch, callback, sid, session)
    }

    destroy (sid, callback) {
      return this.#perform('destroy', this.#destroy, callback, sid)
    }

    /** The sessions that have not expired, as an array. */
    all (callback) {
      return this.#perform('all', this.#all, callback)
    }

    /** The ids of the sessions that have not expired, as they are stored: after `transformId`. */
    ids (callback) {
      return this.#run('ids', () => this.#lists.ids(), callback)
    }

    /** The sessions that have not expired, one after the other, a page at a time. */
    entries () {
      if (debug.enabled) debug.line('entries')
      return this.#lists.entries()
    }

    /** How many sessions that have not expired have these values of the option `fields`. */
    countWhere (filter, callback) {
      return this.#run('countWhere', () => this.#lists.countWhere(filter), callback)
    }

    idsWhere (filter, callback) {
      return this.#run('idsWhere', () => this.#lists.idsWhere(filter), callback)
    }

    /** `{ id, session, expires }` of each, as an array. */
    entriesWhere (filter, callback) {
      return this.#run('entriesWhere', () => this.#lists.entriesWhere(filter), callback)
    }

    /** Destroys them all, but for the one with the session id `except`; returns how many. */
    destroyWhere (filter, options, callback) {
      if (typeof options === 'function') [options, callback] = [undefined, options]
      const destroy = () => this.#lists.destroyWhere(filter, options, sid => this.#id(sid))
      return this.#run('destroyWhere', destroy, callback)
    }

    /** Writes the option `fields` into the rows that were stored without it. */
    backfill (options, callback) {
      if (typeof options === 'function') [options, callback] = [undefined, options]
      return this.#run('backfill', () => this.#backfill(options), callback)
    }

    /** How many sessions are stored, expired ones that are not removed yet included. */
    length (callback) {
      return this.#run('length', () => this.#backend.count(), callback)
    }

    clear (callback) {
      return this.#run('clear', () => this.#cleared(), callback)
    }

    /** Removes expired sessions now; returns how many. */
    sweep (callback) {
      return this.#run('sweep', () => this.#expiry.sweep(), callback)
    }

    /** Succeeds when the server replies. */
    ping (callback) {
      return this.#run('ping', () => this.#backend.ping(), callback)
    }

    stats (callback) {
      return this.#run('stats', () => this.#statistics(), callback)
    }

    /** Refuses new operations, finishes the accepted ones, disconnects. */
    close (callback) {
      return this.#perform('close', this.#close, callback)
    }

    /** What the framework calls to make its own object of a session that `get` returned. */
    createSession (req, session) {
      const object = super.createSession(req, session)
      if (this.#isConditional) this.#backend.adopt(session, object)
      return object
    }

    /** Calls a method's own work, before the eyes of whoever subscribes, and passes its outcome on. */
    #perform (name, work, callback, sid, session) {
      const outcome = areOperationsTraced()
        ? traceOperation(this.#form, name, () => work.call(this, sid, session))
        : work.call(this, sid, session)
      return answer(outcome, callback, this.#dialect.reply)
    }

    /** The same of work that has no more to do than `run`. */
    #run (name, run, callback) {
      return this.#perform(name, () => this.#call(name, run), callback)
    }

    // Each method's own work. These are async, so that they never throw but reject. They call the backend
    // before their first await, so that operations have the order in which they were called. Each makes its
    // own error: an async function is where V8 knows who awaits it. Where nothing fails, that costs nothing.

    async #get (sid) {
      try {
        if (debug.enabled) debug.line('get', shortId(sid))
        const id = this.#id(sid)
        const found = this.#found(await this.#backend.get(id, sid))
        const session = found instanceof Unreadable ? await this.#replaced(found, id, sid) : found
        if (session === MISSING) {
          if (this.#dialect.announcesMissing) this.#announce('get', sid)
          return this.#dialect.missing
        }
        this.#announce('get', sid)
        return session
      } catch (error) {
        throw asError(error)
      }
    }

    async #set (sid, session) {
      try {
        if (!session && this.#dialect.nothingDestroys) return this.#destroy(sid)
        if (debug.enabled) debug.line('set', shortId(sid))
        const dates = this.#datesOf(session, sid)
        const id = this.#id(sid)
        const value = this.#encode(session)
        dates.fields = this.#fieldsOf(value)
        const result = await this.#backend.set(id, value, dates, sid)
        if (this.#isConditional) return this.#savedIf(sid, session, result)
        this.#announce(result === 'created' ? 'create' : 'update', sid)
        this.#announce('set', sid) // for compatibility with times before the two others
        return this.#dialect.stored
      } catch (error) {
        warnIfRefused(error, this.#form.collection)
        throw asError(error)
      }
    }

    /** What a conditional set has come to. */
    #savedIf (sid, session, { outcome, session: merged }) {
      if (outcome === 'gone') this.#announce('gone', sid)
      else if (outcome === 'touched') this.#announce('touch', sid, session)
      else {
        const details = merged === undefined ? [sid] : [sid, merged]
        this.#announce(outcome === 'created' ? 'create' : 'update', ...details)
        this.#announce('set', ...details)
      }
      return this.#dialect.stored
    }

    async #touch (sid, session) {
      try {
        if (debug.enabled) debug.line('touch', shortId(sid))
        const now = Date.now()
        const { touchAfterMS, touches } = this.#form
        // Without a session there is no expiration to move it to.
        if (!touches || session === undefined || session === null) return
        if (touchAfterMS > 0) {
          const lastModified = dates.lastModifiedOf(session)
          if (lastModified !== null && now - lastModified < touchAfterMS) return
        }
        // `lastModified` also where there was none: connect-mongo left rows from before `touchAfter` without
        // one, and unthrottled.
        const matched = await this.#backend.touch(this.#id(sid), this.#datesOf(session, sid, now), session, sid)
        if (!matched && this.#isConditional) return void this.#announce('gone', sid)
        if (!matched) this.#dialect.touchMissing()
        this.#announce('touch', sid, session)
      } catch (error) {
        throw asError(error)
      }
    }

    async #destroy (sid) {
      try {
        if (debug.enabled) debug.line('destroy', shortId(sid))
        const removed = await this.#backend.destroy(this.#id(sid))
        return this.#dialect.destroyed(this.#announce('destroy', sid), removed)
      } catch (error) {
        throw asError(error)
      }
    }

    async #all () {
      try {
        if (debug.enabled) debug.line('all')
        const sessions = await (this.#dialect.allAreIds ? this.#lists.ids() : this.#lists.sessions())
        this.#announce('all', sessions)
        return sessions
      } catch (error) {
        throw asError(error)
      }
    }

    /** A call whose outcome is that of `run`. */
    async #call (name, run) {
      try {
        if (debug.enabled) debug.line(name)
        return await run()
      } catch (error) {
        throw asError(error)
      }
    }

    async #cleared () {
      await this.#backend.clear()
      return this.#dialect.cleared
    }

    async #statistics () {
      const stats = await this.#backend.stats()
      return this.#form.encryption ? { ...stats, encryption: keys.stats() } : stats
    }

    async #close () {
      try {
        if (debug.enabled) debug.line('close')
        delete this.timer // as in connect-mongo 6
        await Promise.all([this.#expiry.close(), this.#backend.close(), this.#attached.close()])
      } catch (error) {
        throw asError(error)
      }
    }

    #id (sid) {
      const { transformId } = this.#form
      return this.#kind.makeId(transformId === undefined ? sid : transformId(sid))
    }

    /** The dates of a session's row that is written now. */
    #datesOf (session, sid, now = Date.now()) {
      const { expiresAt = dates.expiresAt, touchAfterMS, ttlMS } = this.#form
      const lastModified = touchAfterMS > 0 ? now : null
      return { expires: expiresAt(session, now, ttlMS, sid), lastModified, fields: undefined }
    }

    /** The session of a row, MISSING, or an Unreadable. */
    #found (row) {
      if (row === null) return MISSING
      const { value, expires, lastModified } = row
      const session = this.#read(value)
      if (session instanceof Unreadable) return session
      dates.showExpires(session, expires)
      if (this.#form.touchAfterMS > 0) dates.showLastModified(session, lastModified)
      return session
    }

    /** What a `get` returns in place of a session that cannot be read. */
    #replaced (unreadable, id, sid) {
      return this.#unreadable.replace(unreadable, id, {
        read: async () => this.#found(await this.#backend.get(id, sid)),
        destroyed: () => this.#announce('destroy', sid)
      })
    }

    /**
     * An event, by the store's own `emit`, which apps may have overridden. By now the operation has
     * succeeded: a listener that throws is an uncaught exception, as in any emitter that emits
     * asynchronously, and not the operation's error.
     */
    #announce (event, ...details) {
      try {
        return this.emit(event, ...details)
      } catch (error) {
        nextTick(() => { throw error })
        return true
      }
    }

    /**
     * The backend's events. Until it has connected, which the app may be waiting for, they keep the store
     * alive.
     */
    #listen (bounded, backend) {
      const reference = new WeakRef(this)
      let connecting = this
      abandoned.register(this, backend)
      bounded.onEvent((kind, ...details) => {
        const store = connecting ?? reference.deref()
        if (kind === 'connected') connecting = null
        store?.#heard(kind, ...details)
      })
    }

    #heard (kind, ...details) {
      switch (kind) {
        case 'connected':
        case 'disconnected':
          if (this.#dialect.hasState) this.state = kind
          this.#announce(kind)
          return this.#expiry.check()
        case 'connect': // these two are what express-session understands
        case 'disconnect': return void this.#announce(kind)
        case 'expire': return void this.#announce(kind, ...details)
        case 'due': return this.#expiry.due(details[0])
        case 'error':
          // Apps that never heard of this event must not crash by it.
          if (this.listenerCount('error') > 0) this.#announce('error', details[0])
          return
        case 'warning': return warn(...details)
      }
    }
  }

  return disposable(MongoStore)
}

module.exports = { defineStore }
