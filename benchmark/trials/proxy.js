'use strict'

// A network: it passes on the bytes of TCP connections, both ways and in order, half a round trip late each
// way. It limits no bandwidth, and opening a connection costs no round trip of its own.

const net = require('node:net')
const { Alarm } = require('../alarm')
const { DelayLine } = require('../delay-line')

const { host, port, roundTripMS } = JSON.parse(process.argv[2])

// Everything is delayed by the same time, so that one line serves all connections and both directions.
const line = new DelayLine(BigInt(Math.round(roundTripMS / 2 * 1e6)))
const alarm = new Alarm(deliver)
const sockets = new Set()

function deliver () {
  for (const pass of line.take(process.hrtime.bigint())) pass()
  if (line.next !== undefined) alarm.set(line.next)
}

function later (pass) {
  const idle = line.next === undefined
  line.put(pass, process.hrtime.bigint())
  if (idle) alarm.set(line.next)
}

function forward (from, to) {
  sockets.add(from)
  from.setNoDelay(true)
  from.on('data', chunk => later(() => to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => {}) // 'close' follows
  from.on('close', () => {
    sockets.delete(from)
    later(() => to.destroy())
  })
}

const server = net.createServer({ allowHalfOpen: true }, client => {
  const upstream = net.connect({ host, port, allowHalfOpen: true })
  forward(client, upstream)
  forward(upstream, client)
})

server.listen(0, '127.0.0.1', () => process.send({ address: `127.0.0.1:${server.address().port}` }))

process.once('message', () => {
  server.close()
  for (const socket of sockets) socket.destroy()
  alarm.stop()
  process.disconnect()
})
