'use strict'

const { performance } = require('perf_hooks')
const { randomBytes } = require('crypto')

const backends = require('../../backends')
const { createCodec } = require('../../session/codec')
const { ok, problem, warning } = require('./finding')

// A session stored, read, touched and destroyed, by the very backend that the app's store will use.

/** Milliseconds that a part of it may take. */
const TIMEOUT_MS = 10_000

/** Milliseconds from which on each request notices. */
const SLOW_MS = 50

/** How often it is read, of which the middle one counts. */
const READS = 5

/** How long the server may keep the session, should this process die. */
const LIFE_MS = 60_000

async function checkRoundTrip (form) {
  const { open, makeId, documents } = backends[form.backend]
  let backend
  try {
    backend = open({ ...form, autoRemove: 'disabled', operationTimeoutMS: TIMEOUT_MS })
    const codec = createCodec(form, documents)
    const milliseconds = await run(backend, makeId(`connect-mongo-native doctor ${randomBytes(12).toString('hex')}`), codec)
    return [verdict(milliseconds)]
  } catch (error) {
    return [explain(error, form)]
  } finally {
    await backend?.close()
  }
}

/** Milliseconds of a `get`. */
async function run (backend, id, codec) {
  const dates = { expires: Date.now() + LIFE_MS, lastModified: null }
  await backend.set(id, codec.encode({ cookie: { path: '/' } }), dates)
  const times = []
  try {
    for (let n = 0; n < READS; n++) {
      const started = performance.now()
      if (await backend.get(id) === null) throw new Error('a session that was saved is not found')
      times.push(performance.now() - started)
    }
    await backend.touch(id, dates)
  } finally {
    await backend.destroy(id)
  }
  return times.toSorted((a, b) => a - b)[READS >> 1]
}

function verdict (milliseconds) {
  const time = `${milliseconds.toFixed(1)} ms`
  if (milliseconds < SLOW_MS) return ok('round-trip', `A session was stored, read, touched and destroyed. Reading took ${time}.`)
  return warning('latency', `To read a session takes ${time}, and each request waits for it.`,
    'Run the app and MongoDB in one region; see whether the server is overloaded')
}

const VALIDATION_FAILED = 121
const UNAUTHORIZED = 13

function explain (error, { backend, collection }) {
  const message = `A session cannot be stored, read and destroyed: ${error.name}: ${error.message}`
  if (error.code === VALIDATION_FAILED) {
    return problem('validator', `The validator of ${collection} refuses sessions.`,
      `db.runCommand({ collMod: '${collection}', validator: {} }), if no app needs it; or name another collection`)
  }
  if (error.code === UNAUTHORIZED) return problem('rights', message, 'Give the user the role readWrite')
  if (/^options? .+ not supported/.test(error.message)) {
    return problem('option', `The store would not start: ${error.message}.`, 'Correct the option that is named')
  }
  if (backend === 'native' && /^(MongoServerSelectionError|MongoCompatibilityError|MongoParseError)$/.test(error.name)) {
    return problem('core', `The package mongodb connects, and the core does not: ${error.message}`, "Set backend: 'driver'")
  }
  return problem('round-trip', message, 'See the log of the server')
}

module.exports = { checkRoundTrip }
