'use strict'

// Servers of MongoDB 4.2 do not run on today's machines, so this one only says that it is old: it replies to
// the handshake and to nothing else.

const { once } = require('node:events')
const net = require('node:net')
const bson = require('bson')

const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
/** MongoDB 4.2's. */
const WIRE_VERSION = 8

/** Resolves to its `url` and `stop`. */
async function startOldServer () {
  const sockets = new Set()
  const server = net.createServer(socket => {
    sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => {}) // the client hangs up
    socket.on('data', data => {
      received = Buffer.concat([received, data])
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0))
        received = received.subarray(message.length)
        socket.write(answer(message.readInt32LE(4), message.readInt32LE(12)))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `mongodb://127.0.0.1:${server.address().port}/`, stop }
}

function answer (requestId, opcode) {
  const hello = bson.serialize({
    ok: 1,
    ismaster: true,
    helloOk: true,
    maxBsonObjectSize: 16777216,
    maxMessageSizeBytes: 48000000,
    maxWriteBatchSize: 100000,
    logicalSessionTimeoutMinutes: 30,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false
  })
  const isQuery = opcode === OP_QUERY
  const prefix = isQuery ? Buffer.alloc(20) : Buffer.alloc(5)
  if (isQuery) prefix.writeInt32LE(1, 16) // one document
  const header = Buffer.alloc(16)
  header.writeInt32LE(header.length + prefix.length + hello.length, 0)
  header.writeInt32LE(1, 4)
  header.writeInt32LE(requestId, 8)
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12)
  return Buffer.concat([header, prefix, hello])
}

module.exports = { startOldServer }
