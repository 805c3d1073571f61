'use strict'

const session = require('express-session')

// Session objects as express-session has them while it serves requests.

/** The session object of a new request without a session. */
function fresh (store, sid, data) {
  const object = new session.Session({ sessionID: sid, sessionStore: store }, data)
  object.cookie = new session.Cookie({ maxAge: 60_000 })
  return object
}

/** The session object of a request whose cookie has this id; null where there is no such session. */
async function loaded (store, sid) {
  const found = await store.get(sid)
  return found ? store.createSession({ sessionID: sid, sessionStore: store }, found) : null
}

/** What is stored, but for the cookie. */
async function stored (store, sid) {
  const found = await store.get(sid)
  if (!found) return null
  const { cookie, ...rest } = found
  return rest
}

/** The names of the store's events, as they come. */
function eventsOf (store) {
  const events = []
  for (const name of ['create', 'update', 'set', 'touch', 'destroy', 'gone']) {
    store.on(name, (sid, details) => events.push({ name, sid, details }))
  }
  return events
}

module.exports = { eventsOf, fresh, loaded, stored }
