import { on } from './live.js'
import './light.js'
import { ask } from './ask.js'

// The page that stands in while MongoDB is away.

const start = document.getElementById('start')
const problem = document.getElementById('problem')

on('connection', ({ connected }) => {
  if (connected) location.replace('/')
})

on('mongodb', ({ is, error = '' }) => {
  start.hidden = !['stopped', 'starting'].includes(is)
  start.disabled = is === 'starting'
  start.textContent = is === 'starting' ? 'Starting…' : 'Start MongoDB'
  problem.textContent = error
})

start.addEventListener('click', () => ask('POST', '/mongodb/start'))
