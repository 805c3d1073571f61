'use strict'

const { createHash } = require('node:crypto')

/**
 * The times at which operations start, in ms from the beginning: a Poisson process of `rate` a second, as of
 * many users who know nothing of each other. The same `seed`, a text, makes the same times.
 */
function poisson ({ seed, rate, seconds }) {
  const random = generator(seed)
  const times = []
  for (let at = gap(random, rate); at < seconds * 1000; at += gap(random, rate)) times.push(at)
  return times
}

/** From one operation to the next, in ms: exponentially distributed. */
function gap (random, rate) {
  return -Math.log(1 - random()) / rate * 1000
}

/** mulberry32: numbers in [0, 1) out of 32 bits of state. Math.random() takes no seed. */
function generator (seed) {
  let state = createHash('sha256').update(seed).digest().readUInt32LE()
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

module.exports = { poisson }
