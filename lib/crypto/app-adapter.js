'use strict'

const { describe } = require('../support/describe')
const { makeError, thrown } = require('../support/errors')
const { clearTimeout, Promise, setTimeout } = require('../support/realm')
const { UndecryptableError } = require('./errors')

/** How long an app's adapter may take without `operationTimeoutMS`: as long as an operation. Milliseconds. */
const TIMEOUT_MS = 30_000

/** Makes sure that an app's own `cryptoAdapter` returns strings, fails with Errors, and ends in time. */
function appCipher (adapter, timeoutMS) {
  const call = async (method, text) => {
    try {
      return await within(timeoutMS ?? TIMEOUT_MS, method, adapter[method](text))
    } catch (error) {
      throw thrown(error, `cryptoAdapter.${method}`)
    }
  }
  return {
    async encrypt (text) {
      return aString('encrypt', await call('encrypt', text))
    },
    async decrypt (stored) {
      try {
        return aString('decrypt', await call('decrypt', stored))
      } catch (error) {
        if (error?.name === 'MongoOperationTimeoutError') throw error
        throw new UndecryptableError('cryptoAdapter.decrypt failed', error)
      }
    }
  }
}

function aString (method, value) {
  if (typeof value === 'string') return value
  throw new TypeError(`cryptoAdapter.${method} must answer with a string: got ${describe(value)}`)
}

async function within (timeoutMS, method, promise) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => {
      reject(makeError('MongoOperationTimeoutError', `cryptoAdapter.${method} did not answer within ${timeoutMS} ms`))
    }, timeoutMS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { appCipher }
