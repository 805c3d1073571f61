'use strict'

// What a store has done so far, in the form of the core's `stats()`.

const OPERATIONS = ['get', 'set', 'touch', 'destroy', 'count', 'clear', 'scan', 'ping', 'sweep', 'close']
const COMMANDS = ['find', 'update', 'delete', 'other']

/** Sub-buckets per power of two: percentiles are exact to 1/8. */
const PRECISION = 8

/** Latencies in buckets that grow with their size. */
class Histogram {
  #counts = new Map()
  #total = 0

  record (milliseconds) {
    const micros = Math.max(1, milliseconds * 1000)
    const bucket = Math.ceil(Math.log2(micros) * PRECISION)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#total++
  }

  /** The latency in milliseconds that `share` of all stayed under. */
  percentile (share) {
    const rank = Math.max(1, Math.ceil(this.#total * share))
    let seen = 0
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      seen += this.#counts.get(bucket)
      if (seen >= rank) return Math.round(2 ** (bucket / PRECISION)) / 1000
    }
    return null
  }
}

class Stats {
  errors = 0
  sweeps = 0
  swept = 0
  #operations = byName(OPERATIONS, () => ({ count: 0, latency: new Histogram() }))
  #commands = byName(COMMANDS, () => ({ count: 0, operations: 0, max: 0 }))

  operation (name, milliseconds, failed) {
    const operation = this.#operations[name]
    operation.count++
    operation.latency.record(milliseconds)
    if (failed) this.errors++
  }

  command (name, operations) {
    const command = this.#commands[name]
    command.count++
    command.operations += operations
    command.max = Math.max(command.max, operations)
  }

  /** `queued`: waiting for a command; `inFlight`: in one. */
  report ({ connected, queued, inFlight }) {
    const latencyMS = {}
    for (const [name, { count, latency }] of Object.entries(this.#operations)) {
      if (count === 0) continue
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map(share => latency.percentile(share))
      latencyMS[name] = { p50, p95, p99 }
    }
    const batch = {}
    for (const [name, { count, operations, max }] of Object.entries(this.#commands)) {
      if (count > 0) batch[name] = { mean: operations / count, max }
    }
    return {
      connected,
      queued,
      inFlight,
      operations: counts(this.#operations),
      commands: counts(this.#commands),
      batch,
      latencyMS,
      errors: this.errors,
      sweeps: this.sweeps,
      swept: this.swept
    }
  }
}

function byName (names, make) {
  return Object.fromEntries(names.map(name => [name, make()]))
}

function counts (counters) {
  return Object.fromEntries(Object.entries(counters).map(([name, { count }]) => [name, count]))
}

module.exports = { Stats }
