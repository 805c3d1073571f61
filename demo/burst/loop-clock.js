'use strict'

const EVERY_MS = 5

/**
 * Watches how late timers are. The function that it returns tells by how many milliseconds, at most, since
 * it was last called. (`monitorEventLoopDelay` forgets, when reset, the delay that is just going on.)
 */
function loopClock () {
  let longest = 0
  let last = performance.now()

  function look () {
    const now = performance.now()
    longest = Math.max(longest, now - last - EVERY_MS)
    last = now
  }

  setInterval(look, EVERY_MS).unref()
  return () => {
    longest = Math.max(longest, performance.now() - last - EVERY_MS)
    const delay = longest
    longest = 0
    return delay
  }
}

module.exports = { loopClock }
