const { subscribe, tracingChannel } = require('node:diagnostics_channel')
const { Gauge, Histogram } = require('prom-client')

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

const operations = new Histogram({
  name: 'session_store_operation_seconds',
  help: 'From the call of a method to its outcome',
  labelNames: ['operation', 'outcome', 'error'],
  buckets: SECONDS
})
const commands = new Histogram({
  name: 'session_store_command_seconds',
  help: 'From when a command left to its reply',
  labelNames: ['command', 'outcome'],
  buckets: SECONDS
})
const batches = new Histogram({
  name: 'session_store_command_operations',
  help: 'Operations that a command carried',
  labelNames: ['command'],
  buckets: COUNTS
})

tracingChannel('connect-mongo-native:operation').subscribe({
  asyncEnd ({ operation, outcome, duration, error }) {
    operations.observe({ operation, outcome, error: error?.name ?? '' }, duration / 1000)
  }
})
subscribe('connect-mongo-native:command', ({ command, outcome, operations, duration }) => {
  commands.observe({ command, outcome }, duration / 1000)
  batches.observe({ command }, operations)
})

/** What only the store knows, asked for at each scrape. */
function measure (store) {
  const figures = {
    connected: 'Whether there is a server that takes writes',
    queued: 'Operations that wait',
    inFlight: 'Operations in a command under way'
  }
  for (const [figure, help] of Object.entries(figures)) {
    const name = `session_store_${figure.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}`
    const collect = async function () {
      this.set(Number((await store.stats())[figure]))
    }
    new Gauge({ name, help, collect })
  }
}

module.exports = { measure }
