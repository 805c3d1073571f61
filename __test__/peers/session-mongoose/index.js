'use strict'

// session-mongoose itself, unpatched, for Node.js 6: on a current one its driver never calls back. A parent
// process sends what to call, and gets the arguments that the callback got.

const stores = {}

require('session-mongoose')
/** session-mongoose's own module, by which to see what it sees. */
const theirs = require.cache[require.resolve('session-mongoose')]

process.on('message', message => {
  const reply = (result, error) => process.send({ number: message.number, result, error })
  try {
    commands[message.command].apply(null, message.args.concat(reply))
  } catch (error) {
    reply(null, String(error.stack))
  }
})

const commands = {
  versions (reply) {
    const version = name => require(`${name}/package.json`).version
    const mongoose = theirs.require('mongoose').version
    reply([process.version, version('session-mongoose'), mongoose, version('connect'), version('express')])
  },

  /** `connect`: the module that the store is made for. */
  open (name, connect, options, reply) {
    const SessionStore = require('session-mongoose')(require(connect))
    stores[name] = new SessionStore(options)
    reply()
  },

  /** As it declares them. On a server this new, its driver does all but make indexes. */
  indexes (name, reply) {
    reply(stores[name].model.schema.indexes())
  },

  call (name, method, args, reply) {
    const callback = function () {
      // Errors have no JSON; what mongod said of an update is not for apps.
      const answer = Array.from(arguments).slice(0, 2)
      reply(answer.map(value => value instanceof Error ? String(value) : value))
    }
    stores[name][method].apply(stores[name], args.concat(callback))
  },

  /** A session as Connect makes and stores it. */
  save (name, sid, data, maxAge, reply) {
    const request = { sessionID: sid }
    const expires = maxAge === null ? null : new Date(Date.now() + maxAge).toISOString()
    const cookie = { originalMaxAge: maxAge, expires, httpOnly: true, path: '/' }
    const session = stores[name].createSession(request, Object.assign({ cookie }, data))
    stores[name].set(sid, session, (error, stored) => reply([error, stored]))
  },

  /** A session as Connect revives it: what the app sees, and what the cookie says. */
  load (name, sid, reply) {
    stores[name].load(sid, (error, session) => {
      if (error || !session) return reply([error && String(error), session])
      reply([null, JSON.parse(JSON.stringify(session)), session.cookie.expires])
    })
  },

  sweeps (name, reply) {
    reply(stores[name].sweeps)
  }
}
