'use strict'

// Loaded before an example of the docs, in its process: its server listens where nobody else does, and
// `visit` is there for what the test adds at the end.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Server } = require('node:http')

const { listen } = Server.prototype
let server
let cookie

Server.prototype.listen = function (port, ...rest) {
  server = this
  return listen.call(this, 0, '127.0.0.1', ...rest.filter(argument => typeof argument === 'function'))
}

/** Asks the example's server for a page, as a browser that keeps its cookie. Resolves to the page's text. */
async function visit (path = '/', status = 200) {
  if (!server.listening) await once(server, 'listening')
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: cookie && { cookie } })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
  const text = await response.text()
  assert.equal(response.status, status, text)
  return text
}

Object.assign(globalThis, { assert, visit })
