import { ask } from './ask.js'
import { on } from './live.js'

// Who is logged in, and what the app's store has done so far.

const show = (id, text) => { document.getElementById(id).textContent = text }
const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0)

async function refresh () {
  const { user, visits, id, process } = await ask('GET', '/account')
  show('user', `, ${user}`)
  show('visits', visits)
  show('session', id)
  show('process', process)
}

on('connection', ({ connected }) => {
  if (connected) refresh().catch(() => {}) // asked again with the next connection
})

on('stats', ({ operations, merges, latencyMS }) => {
  show('operations', sum(operations).toLocaleString('en'))
  show('merges', merges.toLocaleString('en'))
  show('get', latencyMS.get ? `${latencyMS.get.p50.toFixed(1)} ms` : '–')
})
