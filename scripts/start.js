'use strict'

// npm start: installs, builds, starts a mongod of its own unless MONGODB_URL names one, and serves the demo.

const crypto = require('node:crypto')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { root, main } = require('./run')

// Kept across restarts: the sessions, and the secret without which their cookies are worthless.
const data = path.join(root, 'demo', 'data')

main(async () => {
  await ensureDependencies()
  await build('release')
  fs.mkdirSync(data, { recursive: true })
  // Only now: in a fresh clone what it needs is not installed before.
  const { startDemo } = require('./demo')
  return startDemo({
    url: process.env.MONGODB_URL,
    dbPath: path.join(data, 'mongodb'),
    port: process.env.PORT || await freePort(3000),
    secret: process.env.SESSION_SECRET || secret()
  })
})

function secret () {
  const file = path.join(data, 'secret')
  if (!fs.existsSync(file)) fs.writeFileSync(file, crypto.randomBytes(32).toString('hex'), { mode: 0o600 })
  return fs.readFileSync(file, 'utf8')
}

/** `port` if nothing listens there, else 0: any. */
async function freePort (port) {
  return new Promise(resolve => {
    const probe = net.createServer()
    probe.on('error', () => resolve(0))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })
}
