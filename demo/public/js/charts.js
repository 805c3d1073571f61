import uPlot from '/libraries/uPlot.esm.js'

// The live charts: of each, a line for each store over the seconds since its start.

const HEIGHT = 190
const CHARTS = { latency: 'latencyMS', delay: 'delayMS', sent: 'commands' }
const NAMES = { latency: 'Time to answer, p95, in milliseconds', delay: 'Longest event-loop delay in milliseconds', sent: 'Commands sent' }

/** A canvas takes no custom property: the colour that one has in the present scheme. */
function colorOf (property) {
  const probe = document.createElement('span')
  probe.style.color = `var(${property})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

export function createCharts (stores) {
  /** Of each store, its samples. */
  const samples = stores.map(() => [])
  let charts = []

  function draw () {
    for (const { chart } of charts) chart.destroy()
    const colors = ['--ours', '--theirs'].map(colorOf)
    charts = Object.entries(CHARTS).map(([id, value]) => {
      const element = document.getElementById(id)
      return { id, value, element, chart: new uPlot(optionsOf(element, stores, colors), dataOf(value), element) }
    })
  }

  /** uPlot has one column of times: both stores' in order, with gaps for the other's, which lines span. */
  function dataOf (value) {
    const times = samples.flatMap((own, store) => own.map(sample => ({ store, sample })))
      .sort((a, b) => a.sample.seconds - b.sample.seconds)
    const lines = stores.map((_, store) => times.map(time => time.store === store ? time.sample[value] ?? null : null))
    return [times.map(({ sample }) => sample.seconds), ...lines]
  }

  function update () {
    for (const { chart, value } of charts) chart.setData(dataOf(value))
  }

  let frame
  function add (store, sample) {
    samples[store].push(sample)
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(update)
  }

  function clear () {
    for (const own of samples) own.length = 0
    update()
  }

  /** For who does not see them. The table below has the figures. */
  function describe () {
    for (const { id, value, element } of charts) {
      const peaks = samples.map((own, store) => {
        const peak = Math.max(...own.map(sample => sample[value] ?? 0))
        return `${stores[store]} at most ${Math.round(peak).toLocaleString('en')}`
      })
      element.setAttribute('aria-label', `Chart. ${NAMES[id]}: ${peaks.join(', ')}.`)
    }
  }

  draw()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  new ResizeObserver(() => {
    for (const { chart, element } of charts) chart.setSize({ width: element.clientWidth, height: HEIGHT })
  }).observe(document.querySelector('.charts'))

  return { add, clear, describe }
}

function optionsOf (element, stores, colors) {
  const ink = colorOf('--soft')
  const line = colorOf('--line')
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '11px "Inter Variable", sans-serif' }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [0, Math.max(max ?? 0, 1)] },
      y: { range: (_, min, max) => [0, Math.max(max ?? 0, 10) * 1.08] }
    },
    axes: [
      { ...axis, size: 28, values: (_, values) => values.map(value => `${value} s`) },
      { ...axis, size: 46, values: (_, values) => values.map(value => value.toLocaleString('en')) }
    ],
    series: [{}, ...stores.map((label, index) => ({
      label, stroke: colors[index], width: 2, spanGaps: true, points: { show: false }
    }))]
  }
}
