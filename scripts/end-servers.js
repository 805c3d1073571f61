'use strict'

// Ends servers whose starter has died, also by SIGKILL, and also those that are stopped or would take their
// time. It is told their process ids on its standard input, each on a line: `+1234 SIGKILL` when it starts,
// `-1234` when it has ended.

const readline = require('node:readline')

/** The signal that ends each. */
const servers = new Map()

// Ctrl-C is for the starter.
process.on('SIGINT', () => {})

readline.createInterface({ input: process.stdin })
  .on('line', line => {
    const [pid, signal] = line.slice(1).split(' ')
    if (line.startsWith('+')) servers.set(Number(pid), signal)
    else servers.delete(Number(pid))
  })
  .on('close', () => {
    for (const [pid, signal] of servers) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended meanwhile.
      }
    }
  })
