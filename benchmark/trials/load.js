'use strict'

// Requests over connections that are kept alive, each connection with a session of its own. As simple as can
// be, since it runs on the same processors as what it measures.

const net = require('node:net')
const { percentile } = require('../report')

const { port, request: path, connections, seconds, loggedIn } = JSON.parse(process.argv[2])

run()

async function run () {
  const headers = loggedIn ? await logIn() : Array.from({ length: connections }, () => '')
  const requests = headers.map(cookie => `GET /${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${cookie}\r\n`)
  await load(requests, seconds / 3)
  const before = await cpu()
  const { latencies, elapsed } = await load(requests, seconds)
  const after = await cpu()
  latencies.sort((a, b) => a - b)
  const done = latencies.length
  process.send({
    requestsPerSecond: done / elapsed * 1000,
    p50Micros: percentile(latencies, 0.5) * 1000,
    p99Micros: percentile(latencies, 0.99) * 1000,
    threadMicros: (after.threadMicros - before.threadMicros) / done,
    processMicros: (after.processMicros - before.processMicros) / done
  }, () => process.disconnect())
}

/** A cookie header for each connection. */
async function logIn () {
  const headers = []
  for (let index = 0; index < connections; index++) {
    const response = await fetch(`http://127.0.0.1:${port}/login/${index}`)
    const [cookie] = response.headers.getSetCookie()
    headers.push(`Cookie: ${cookie.split(';', 1)[0]}\r\n`)
  }
  return headers
}

async function cpu () {
  const response = await fetch(`http://127.0.0.1:${port}/cpu`)
  return response.json()
}

async function load (requests, span) {
  const latencies = []
  const began = performance.now()
  const end = began + span * 1000
  await Promise.all(requests.map(request => repeat(request, end, latencies)))
  return { latencies, elapsed: performance.now() - began }
}

/** One connection: a request whenever the last one is answered. */
function repeat (request, end, latencies) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    let sent
    let received = ''
    const send = now => {
      sent = now
      received = ''
      socket.write(request, 'latin1')
    }
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('connect', () => send(performance.now()))
    socket.on('data', text => {
      received += text
      if (!isWhole(received)) return
      if (!received.startsWith('HTTP/1.1 200')) return reject(new Error(received.split('\r\n', 1)[0]))
      const now = performance.now()
      latencies.push(now - sent)
      if (now < end) return send(now)
      socket.end()
      resolve()
    })
  })
}

/** Whether this is a whole response, of the kind that the server sends: with its length. */
function isWhole (text) {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return false
  return text.length >= head + 4 + Number(/\r\nContent-Length: (\d+)/i.exec(text)[1])
}
