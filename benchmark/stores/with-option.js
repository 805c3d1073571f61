'use strict'

// This package with an option that costs something. Its sessions are objects of express-session's, as options
// that tell one request's session from another's need them.

const { Session } = require('express-session')
const { ids } = require('../sessions')

const OPTIONS = {
  conflicts: { conflicts: 'merge' },
  fields: { fields: { userId: ({ user }) => user.id } },
  maxLifetime: { maxLifetime: 90 * 24 * 60 * 60 }
}

/** `open`: of the store without the option. */
exports.open = async (urls, { MongoStore, collection, option }) => {
  const WithOption = { create: options => MongoStore.create({ ...options, ...OPTIONS[option] }) }
  const { store, close } = await require('./native').open(urls, { MongoStore: WithOption, collection })
  const objects = new Map(ids.map(sid => [sid, null]))
  const objectOf = (sid, data) => {
    const object = objects.get(sid) ?? new Session({ sessionID: sid, sessionStore: store }, data)
    objects.set(sid, object)
    return Object.assign(object, { visits: data.visits, cookie: data.cookie })
  }
  return {
    store: {
      get: (sid, callback) => store.get(sid, callback),
      set: (sid, data, callback) => store.set(sid, objectOf(sid, data), callback),
      touch: (sid, data, callback) => store.touch(sid, objectOf(sid, data), callback)
    },
    close
  }
}
