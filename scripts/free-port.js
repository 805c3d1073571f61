'use strict'

const { once } = require('node:events')
const net = require('node:net')

/** A port of this machine on which nothing listens, for a program that must be told one. */
async function freePort () {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

module.exports = { freePort }
