'use strict'

// A process of the burst: visitors, each with a session and a connection of its own, who ask for a page as
// soon as they have the last one.

const http = require('node:http')
const { percentile } = require('./percentile')

/** Until the code is compiled, and each visitor has a session and each store its connections. */
const WARM_UP = 1000

const { port, requests, visitors } = JSON.parse(process.argv[2])
const cookies = new Array(visitors)
const agent = new http.Agent({ keepAlive: true, maxSockets: visitors })

main().catch(error => process.send({ error: error.message }))

async function main () {
  await visits(WARM_UP)
  await ask('POST', '/begin')
  const latencies = await visits(requests)
  const counts = JSON.parse((await ask('POST', '/end')).body)
  process.send({
    result: { ...counts, latencyMS: { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) } }
  })
}

/** Resolves to how long each took, in milliseconds. */
async function visits (count) {
  const latencies = []
  let left = count
  await Promise.all(Array.from(cookies.keys(), async visitor => {
    while (left > 0) {
      left -= 1
      const start = performance.now()
      const { status, cookie } = await ask('GET', '/visit', cookies[visitor])
      if (status !== 200) throw new Error(`A request of the burst failed: ${status}.`)
      latencies.push(performance.now() - start)
      cookies[visitor] ??= cookie
    }
  }))
  return latencies
}

function ask (method, path, cookie) {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { cookie } : {}
    http.request({ host: '127.0.0.1', port, agent, method, path, headers }, res => {
      let body = ''
      res.setEncoding('utf8')
        .on('data', text => { body += text })
        .on('end', () => resolve({ status: res.statusCode, body, cookie: res.headers['set-cookie']?.[0].split(';')[0] }))
        .on('error', reject)
    }).on('error', reject).end()
  })
}
