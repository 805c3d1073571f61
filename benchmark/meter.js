'use strict'

const fs = require('node:fs')

/** USER_HZ, the unit of times in /proc: 100 on every architecture that Node.js runs on. */
const TICK_MICROS = 1e6 / 100

const threadMicros = process.platform === 'linux' ? mainThreadMicros : processMicros

/** CPU time of the main thread, on which JavaScript runs, in µs and in steps of 10 ms. */
function mainThreadMicros () {
  const stat = fs.readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8')
  // proc(5): the 2nd field is a name in parentheses, the 14th and 15th are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

/** CPU time of all threads, in µs. */
function processMicros () {
  const { user, system } = process.cpuUsage()
  return user + system
}

module.exports = { processMicros, threadMicros }
