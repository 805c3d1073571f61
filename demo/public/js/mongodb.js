import { ask } from './ask.js'
import { on } from './live.js'

// The buttons that stop and start MongoDB, and what the page says meanwhile.

const status = document.getElementById('mongodb')
const outage = document.getElementById('outage')
const stop = document.getElementById('stop')
const start = document.getElementById('start')

const TEXTS = {
  foreign: 'This MongoDB is your own (MONGODB_URL), so the demo leaves it alone: stop it yourself and watch.',
  running: 'MongoDB is running.',
  stopping: 'MongoDB is stopping…',
  stopped: 'MongoDB is stopped.',
  starting: 'MongoDB is starting…'
}

on('mongodb', ({ is, error }) => {
  status.textContent = error ? `${TEXTS[is]} ${error}` : TEXTS[is]
  enable(stop, is === 'running')
  enable(start, is === 'stopped')
})

on('connection', ({ connected }) => { outage.hidden = connected !== false })

/** As aria-disabled, so that who has just pressed it does not lose the focus. */
function enable (button, enabled) {
  button.setAttribute('aria-disabled', String(!enabled))
}

for (const [button, action] of [[stop, 'stop'], [start, 'start']]) {
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return
    try {
      await ask('POST', `/mongodb/${action}`)
    } catch (error) {
      status.textContent = error.message
    }
  })
}
