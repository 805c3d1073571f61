import { ask } from './ask.js'
import { on } from './live.js'

// Where the user is logged in, and the button that ends all of it but here.

const list = document.getElementById('devices')
const status = document.getElementById('devices-status')
const more = document.getElementById('more-devices')
const everywhere = document.getElementById('everywhere')
const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

async function show () {
  const devices = await ask('GET', '/devices')
  list.replaceChildren(...devices.map(({ device, since, here }) => {
    const li = document.createElement('li')
    const name = document.createElement('b')
    const note = document.createElement('span')
    name.textContent = device
    note.textContent = here ? 'this browser' : `since ${time.format(since)}`
    li.className = here ? 'here' : ''
    li.append(name, note)
    return li
  }))
}

async function run (method) {
  try {
    const reply = await ask(method, '/devices')
    await show()
    status.textContent = reply
      ? `Logged out on ${reply.count} other ${reply.count === 1 ? 'device' : 'devices'}.`
      : `Logged in on ${list.children.length} devices.`
  } catch (error) {
    status.textContent = error.message
  }
}

more.addEventListener('click', () => run('POST'))
everywhere.addEventListener('click', () => run('DELETE'))

on('connection', ({ connected }) => {
  if (connected) show().catch(() => {}) // asked again with the next connection
})
