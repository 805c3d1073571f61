'use strict'

// TLS that cannot be trusted, or is missing on one side: every operation fails in time with an error that
// says why, on both backends, and the store works once it is mended.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const { after, before, describe, test } = require('node:test')
const tls = require('node:tls')
const { MongoClient } = require('mongodb')

const { makeCertificates } = require('../helpers/certificates')
const { sharedUri } = require('../helpers/mongod')
const { makeSession, MongoStore } = require('../helpers/stores')

const SELECTION_MS = 1500
/** For a busy machine. Milliseconds. */
const GRACE_MS = 1500

let certificates
let elsewhere
before(() => {
  const here = { names: 'IP:127.0.0.1' }
  const expired = { names: 'IP:127.0.0.1', days: -1 }
  certificates = makeCertificates({ here, expired, misnamed: { names: 'DNS:db.example.com' } })
  elsewhere = makeCertificates({ unknown: here })
})
after(() => {
  certificates?.remove()
  elsewhere?.remove()
})

/** A server in front of the shared one, which is reached by TLS with this certificate, or without (null). */
async function serve (getPem) {
  const { hostname, port } = new URL(sharedUri())
  const sockets = new Set()
  const pass = socket => {
    const upstream = net.connect(Number(port), hostname)
    for (const [one, other] of [[socket, upstream], [upstream, socket]]) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  }
  const server = net.createServer(socket => {
    const pem = getPem()
    if (pem === null) return pass(socket)
    socket.on('error', () => {})
    const secure = new tls.TLSSocket(socket, { isServer: true, key: pem, cert: pem })
    pass(secure)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { host: `127.0.0.1:${server.address().port}`, stop }
}

const pems = {
  'an authority that nobody trusts': () => fs.readFileSync(elsewhere.file('unknown.pem')),
  'a certificate that has expired': () => fs.readFileSync(certificates.file('expired.pem')),
  'the certificate of another host': () => fs.readFileSync(certificates.file('misnamed.pem')),
  'a server without TLS': () => null
}

/** What an error must say, whichever backend it is of. */
const SAYS = {
  'an authority that nobody trusts': /UnknownIssuer|BadSignature|signature failure|unable to (verify|get)|self.signed/i,
  'a certificate that has expired': /expired/i,
  'the certificate of another host': /not valid for name|does not match|altnames/i,
  'a server without TLS': /TLS|SSL|corrupt message|wrong version number|packet length/i,
  'a client without TLS': /connection .*closed|closed the connection .*TLS/
}

const backends = {
  'by URL': (mongoUrl, options) => MongoStore.create({ mongoUrl, ...options }),
  'by URL, through the driver': (mongoUrl, options) => MongoStore.create({ mongoUrl, backend: 'driver', ...options }),
  'on a client': (url, options) => MongoStore.create({ client: new MongoClient(url), ...options })
}

/** Fails with what `SAYS`, each operation in time; works when `mend` has been called. */
async function isTold (name, openStore, url, mend) {
  const store = openStore(url, {
    dbName: 'connect-mongo-test', collectionName: 'tls', autoRemove: 'disabled', operationTimeoutMS: SELECTION_MS
  })
  const heard = []
  store.on('error', error => heard.push(error))
  const started = Date.now()
  const calls = [store.set('a', makeSession()), store.get('a'), store.touch('a', makeSession()), store.length()]
  for (const { status, reason } of await Promise.allSettled(calls)) {
    assert.equal(status, 'rejected')
    assert.match(reason.name, /^Mongo(ServerSelection|Network)Error$/)
    const said = [reason.message, reason.cause?.message].join()
    assert.match(said, SAYS[name])
    assert.doesNotMatch(`${reason.stack}${JSON.stringify(reason)}`, /PRIVATE KEY/)
  }
  assert.ok(Date.now() - started < SELECTION_MS + GRACE_MS, `${Date.now() - started} ms`)
  mend()
  await retried(() => store.set('a', makeSession({ n: 1 })))
  assert.equal((await store.get('a')).n, 1)
  await store.close()
}

async function retried (call) {
  for (let left = 10; ; left--) {
    try {
      return await call()
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

for (const [backend, openStore] of Object.entries(backends)) {
  describe(backend, () => {
    for (const [name, pem] of Object.entries(pems)) {
      test(name, async () => {
        let getPem = pem
        const server = await serve(() => getPem())
        const ca = encodeURIComponent(certificates.file('ca.pem'))
        const url = `mongodb://${server.host}/?tls=true&tlsCAFile=${ca}&serverSelectionTimeoutMS=${SELECTION_MS}`
        try {
          await isTold(name, openStore, url, () => { getPem = () => fs.readFileSync(certificates.file('here.pem')) })
        } finally {
          await server.stop()
        }
      })
    }

    test('a client without TLS', async () => {
      let getPem = () => fs.readFileSync(certificates.file('here.pem'))
      const server = await serve(() => getPem())
      const url = `mongodb://${server.host}/?serverSelectionTimeoutMS=${SELECTION_MS}`
      try {
        await isTold('a client without TLS', openStore, url, () => { getPem = () => null })
      } finally {
        await server.stop()
      }
    })
  })
}
