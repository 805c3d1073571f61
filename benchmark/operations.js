'use strict'

const { ids, makeSession } = require('./sessions')

/** get, set and touch of a store by a session's index, through the callbacks that express-session uses. */
function operationsOf (store) {
  const sessions = ids.map((_, index) => makeSession(index))
  return {
    get: (index, callback) => store.get(ids[index], (error, session) => {
      callback(error ?? (session?.visits === undefined ? new Error('the session was not found') : null))
    }),
    set: (index, callback) => {
      sessions[index].visits += 1
      store.set(ids[index], postponed(sessions[index]), callback)
    },
    touch: (index, callback) => store.touch(ids[index], postponed(sessions[index]), callback)
  }
}

/** As express-session does first. MongoDB would not write a date that is there already. */
function postponed (session) {
  session.cookie.maxAge = session.cookie.originalMaxAge
  return session
}

/** Writes all sessions, `atOnce` at a time, so that each is there. */
function writeAll ({ set }, atOnce) {
  return new Promise((resolve, reject) => {
    let started = 0
    let done = 0
    const next = () => set(started++, error => {
      if (error) return reject(error)
      if (++done === ids.length) resolve()
      else if (started < ids.length) next()
    })
    for (let index = 0; index < atOnce; index++) next()
  })
}

module.exports = { operationsOf, writeAll }
