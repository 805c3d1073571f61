'use strict'

const session = require('express-session')
const { LIFE_MS, Recorder } = require('../recorder')

/** Sessions are found and destroyed by one of as many groups. */
const GROUPS = 8

const PROPERTY = /^p(\d+)$/

/**
 * Calls a store with `conflicts: 'merge'` as express-session does while it serves requests. Each save adds a
 * property of its own, so that what is read tells which saves it is made of.
 */
class MergingRecorder extends Recorder {
  #store
  /** Ids by their group. */
  #groups = new Map()

  constructor (store, options) {
    super(store, options)
    this.#store = store
    store.on('gone', id => this.hear(id, 'gone'))
  }

  get (id) {
    return this.call(this.enter({ kind: 'get', id }), [id], propertiesOf)
  }

  /** Resolves to the session object of a request: null where there is no session, undefined on an error. */
  async load (id) {
    let object
    await this.call(this.enter({ kind: 'get', id }), [id], found => {
      object = found ? this.#store.createSession(this.#request(id), found) : null
      return propertiesOf(found)
    })
    return object
  }

  create (id) {
    const entry = this.enter({ kind: 'create', id })
    const object = new session.Session(this.#request(id), { group: this.#groupOf(id) })
    object.cookie = new session.Cookie({ maxAge: LIFE_MS })
    return this.#save(entry, object)
  }

  save (id, object) {
    return this.#save(this.enter({ kind: 'save', id }), object)
  }

  destroyWhere (random) {
    const group = Math.floor(random * GROUPS)
    const ids = this.#groups.get(group) ?? []
    return this.call(this.enter({ kind: 'destroyWhere', ids }), [{ group }], count => count)
  }

  #save (entry, object) {
    object[`p${entry.n}`] = true
    return this.call(entry, [entry.id, object], () => this.heard(entry.id), 'set')
  }

  #request (id) {
    return { sessionID: id, sessionStore: this.#store }
  }

  #groupOf (id) {
    const group = Number(id.match(/\d+$/)) % GROUPS
    const ids = this.#groups.get(group) ?? []
    if (!ids.includes(id)) this.#groups.set(group, [...ids, id])
    return group
  }
}

/** The numbers of the saves that a session is made of. */
function propertiesOf (session) {
  return session ? Object.keys(session).flatMap(name => PROPERTY.exec(name)?.[1] ?? []).map(Number) : null
}

module.exports = { MergingRecorder, propertiesOf }
