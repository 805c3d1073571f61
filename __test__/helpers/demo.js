'use strict'

// The demo as `npm start` runs it, in a process of its own, with a MongoDB of its own.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { freePort } = require('../../scripts/free-port')

const root = path.join(__dirname, '../..')

/** A folder for a demo's data; `remove` with the demo ended. */
function demoData () {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-demo-'))
  return { dbPath: path.join(folder, 'mongodb'), remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Starts it. Resolves once it listens, with `url`, its process and `stop()`. `wrapper`: a command and
 * arguments to run it under. `mongoUrl`: a MongoDB that is not its own.
 */
async function startDemo ({ dbPath, mongoUrl, port, wrapper = [] }) {
  const options = { dbPath, url: mongoUrl, port: port ?? await freePort(), secret: 'of the tests alone' }
  const source = `
    const { main } = require('./scripts/run')
    main(() => require('./scripts/demo').startDemo(${JSON.stringify(options)}))`
  const [command, ...args] = [...wrapper, process.execPath, '-e', source]
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output.text += text })
  const ended = once(child, 'close')
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const [line] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.text) ?? []
      if (line) resolve(line)
    })
    ended.then(() => reject(new Error(output.text)))
  })

  async function stop () {
    child.kill('SIGTERM')
    const [code] = await ended
    return code
  }

  return { url, port: options.port, child, output, stop }
}

/** A visitor without a browser, who keeps cookies. Resolves to `{ status, body, headers }`. */
function visitor (url) {
  const cookies = new Map()
  return async (method, path, { form, headers } = {}) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      body: form && new URLSearchParams(form),
      headers: { cookie: [...cookies].map(pair => pair.join('=')).join('; '), ...headers }
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)
      cookies.set(name, value)
    }
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
}

/** Resolves to the data of the next server-sent event of a name for which `found` is true. */
async function nextEvent (url, name, found = () => true) {
  const abort = new AbortController()
  const response = await fetch(`${url}/events`, { signal: abort.signal })
  let text = ''
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop()
      for (const event of events) {
        const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(event)
        const value = JSON.parse(data)
        if (type === name && found(value)) return value
      }
    }
    throw new Error(`The server ended the stream before '${name}'.`)
  } finally {
    abort.abort()
  }
}

module.exports = { demoData, nextEvent, startDemo, visitor }
