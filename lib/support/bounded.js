'use strict'

const { clearTimeout, Promise, setTimeout } = require('./realm')

/** Settles as the promise does; or resolves after that time, and lets the promise settle by itself. */
async function atMost (milliseconds, promise) {
  let timer
  const over = new Promise(resolve => { timer = setTimeout(resolve, milliseconds) })
  try {
    return await Promise.race([promise, over])
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { atMost }
