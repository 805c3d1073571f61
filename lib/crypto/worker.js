'use strict'

const { parentPort } = require('worker_threads')
const rows = require('./rows')

// The thread of worker-thread.js.

parentPort.on('message', ({ id, method, args }) => {
  try {
    parentPort.postMessage({ id, value: rows[method](...args.map(revive)) })
  } catch {
    // Only the name of what failed: OpenSSL's and JSON's messages may quote.
    parentPort.postMessage({ id, failure: `could not ${method} a session` })
  }
})

// Whoever hears nothing knows that this file could not be loaded.
parentPort.postMessage({ ready: true })

/** Buffers arrive as plain Uint8Arrays. */
function revive (value) {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revive(item)]))
}
