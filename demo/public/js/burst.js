import { ask } from './ask.js'
import { createCharts } from './charts.js'
import { on } from './live.js'

// The burst: its button, its charts, its table.

const STORES = ['connect-mongo-native', 'connect-mongo 6']

const button = document.getElementById('burst')
const status = document.getElementById('burst-status')
const progress = document.getElementById('progress')
const charts = createCharts(STORES)
let figures = []

const count = value => value.toLocaleString('en')
const ms = value => `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`

/** What the table says of a store. */
const ROWS = {
  'Time for all of them': ({ seconds }) => `${seconds.toFixed(2)} s`,
  'Operations of the store': ({ operations }) => count(operations),
  'Commands to MongoDB': ({ commands }) => count(commands),
  'Time to answer, median': ({ result }) => result && ms(result.latencyMS.p50),
  'Time to answer, p95': ({ result }) => result && ms(result.latencyMS.p95),
  'Longest event-loop delay': ({ delayMS }) => ms(delayMS)
}

const cells = Object.entries(ROWS).map(([title, read]) => {
  const row = document.getElementById('results').insertRow()
  const th = document.createElement('th')
  th.scope = 'row'
  th.textContent = title
  row.append(th)
  return { read, cells: STORES.map(() => row.insertCell()) }
})

function show () {
  for (const { read, cells: [ours, theirs] } of cells) {
    for (const [index, cell] of [ours, theirs].entries()) {
      cell.textContent = (figures[index] && read(figures[index])) || '–'
    }
  }
  const done = figures.reduce((sum, { requests }) => sum + requests, 0)
  progress.value = done
  showHeadline()
}

/** How the two compare, once both are known. Below 1, connect-mongo was the better one. */
function showHeadline () {
  const [ours, theirs] = figures
  const isKnown = Boolean(ours?.result && theirs?.result)
  document.getElementById('headline').hidden = !isKnown
  if (!isKnown) return
  const times = (a, b) => `${(b / a).toFixed(1)}×`
  document.getElementById('fewer').textContent = times(ours.commands, theirs.commands)
  document.getElementById('sooner').textContent = times(ours.seconds, theirs.seconds)
  document.getElementById('quicker').textContent = times(ours.result.latencyMS.p50, theirs.result.latencyMS.p50)
}

/** The last sample may be of less time: it is of so few requests that it would be a dip or a peak. */
const LEAST_SECONDS = 0.05

const handlers = {
  starting ({ store }) {
    if (store === STORES[0]) {
      figures = []
      charts.clear()
    }
    figures[STORES.indexOf(store)] = { requests: 0, seconds: 0, operations: 0, commands: 0, delayMS: 0 }
    status.textContent = `${store} is under way…`
    button.setAttribute('aria-disabled', 'true')
  },

  sample ({ store, seconds, operations, commands, requests, latencyMS, delayMS }) {
    const own = figures[STORES.indexOf(store)]
    if (!own) return // this page was opened in the middle
    own.requests += requests
    own.delayMS = Math.max(own.delayMS, delayMS)
    const isWhole = seconds - own.seconds > LEAST_SECONDS
    Object.assign(own, { seconds, operations, commands })
    charts.add(STORES.indexOf(store), { seconds, commands, ...isWhole && { latencyMS, delayMS } })
  },

  result (result) {
    const own = figures[STORES.indexOf(result.store)]
    if (!own) return
    Object.assign(own, { result, seconds: result.seconds, requests: result.requests })
  },

  done () {
    const [ours, theirs] = figures
    button.setAttribute('aria-disabled', 'false')
    if (!ours?.result || !theirs?.result) return
    status.textContent = `${count(ours.operations)} operations in ${count(ours.commands)} commands, ` +
      `where connect-mongo 6 sent ${count(theirs.commands)}; ` +
      `done in ${ours.seconds.toFixed(1)} s, beside ${theirs.seconds.toFixed(1)} s.`
    charts.describe(figures)
  },

  failed ({ error }) {
    status.textContent = `The burst did not finish: ${error}`
    button.setAttribute('aria-disabled', 'false')
  }
}

on('burst', event => {
  handlers[event.is](event)
  show()
})

button.addEventListener('click', async () => {
  if (button.getAttribute('aria-disabled') === 'true') return
  try {
    await ask('POST', '/burst')
  } catch (error) {
    status.textContent = error.message
  }
})

show()
