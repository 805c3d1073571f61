import { on } from './live.js'

// The light for the connection, on every page.

const light = document.getElementById('light')
let connected = null
let reachable = true

function show () {
  const [state, text] = !reachable
    ? ['off', 'The app server is away']
    : connected === null
      ? ['unknown', 'Connecting…']
      : connected
        ? ['on', 'MongoDB connected']
        : ['off', 'MongoDB is away']
  if (light.textContent !== text) light.textContent = text // else a screen reader would say it again
  light.dataset.state = state
}

on('connection', value => {
  connected = value.connected
  show()
})
on('server', value => {
  reachable = value.reachable
  show()
})
