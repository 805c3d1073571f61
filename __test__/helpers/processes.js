'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')

/** Fails if a process, which has been told to end, is there after 10 s, and ends it. */
async function assertGone (pid) {
  const deadline = Date.now() + 10_000
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      assert.fail(`process ${pid} is still there`)
    }
    await sleep(50)
  }
}

function isAlive (pid) {
  try {
    process.kill(pid, 0)
    // One that has ended stays until its parent looks, which in a container may be never.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

module.exports = { assertGone }
