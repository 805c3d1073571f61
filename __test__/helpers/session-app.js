'use strict'

const { once } = require('node:events')
const http = require('node:http')
const session = require('express-session')

/**
 * An app on express-session alone. `handlers`: by path, `(req, res, done)`; each calls `done(text)`.
 *
 * Resolves to `{ visit, calls, errors, close }`. `visit(path, cookie)` resolves to what a browser sees;
 * `calls` are the names of the methods of a SpiedStore that express-session has called.
 */
async function serveSessions (store, options, handlers) {
  const middleware = session({ secret: 'secret', resave: false, saveUninitialized: false, store, ...options })
  const errors = []
  const server = http.createServer((req, res) => {
    middleware(req, res, error => {
      if (error && res.headersSent) return errors.push(error.message)
      if (error) {
        res.statusCode = 500
        return res.end(error.message)
      }
      const { pathname } = new URL(req.url, 'http://localhost')
      handlers[pathname](req, res, (text = 'done') => res.end(String(text)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${server.address().port}`

  async function visit (path, cookie) {
    const response = await fetch(origin + path, { headers: cookie ? { cookie } : {} })
    const header = response.headers.get('set-cookie')
    return {
      status: response.status,
      text: await response.text(),
      header,
      cookie: header === null ? cookie : header.split(';')[0]
    }
  }

  function close () {
    server.closeAllConnections()
    server.close()
  }
  return { calls: store.calls, close, errors, visit }
}

/** A store of its own for one app, on top of another, that notes what express-session calls. */
class SpiedStore extends session.Store {
  calls = []
  #store

  constructor (store) {
    super()
    this.#store = store
  }

  get (...args) { return this.#call('get', args) }
  set (...args) { return this.#call('set', args) }
  touch (...args) { return this.#call('touch', args) }
  destroy (...args) { return this.#call('destroy', args) }
  createSession (...args) { return this.#store.createSession(...args) }

  #call (name, args) {
    this.calls.push(name)
    return this.#store[name](...args)
  }
}

/** The session id in a cookie that express-session has signed. */
function sidOf (cookie) {
  const value = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1))
  return value.slice(2, value.lastIndexOf('.'))
}

module.exports = { serveSessions, sidOf, SpiedStore }
