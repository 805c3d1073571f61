import { ask } from './ask.js'

// Both baskets are filled by all windows of this browser and by the second process. The windows speak to each
// other over a channel: the one whose button is pressed says when to fill, and all say what they have sent.

const EACH = 12
const KINDS = ['merged', 'overwritten']
/** The letter that this window's items begin with; the second process's begin with p. */
const letter = new URLSearchParams(location.search).get('window') === 'b' ? 'b' : 'a'

const channel = new BroadcastChannel('baskets')
const button = document.getElementById('fill')
const status = document.getElementById('basket-status')
/** All that was sent in this round, by all. */
let sent = new Set()

const itemsOf = from => Array.from({ length: EACH }, (_, index) => `${from}${index + 1}`)

/** All at once, into both baskets. `path`: where to send them, for the other process. */
async function fill (from, path = '') {
  const items = itemsOf(from)
  await Promise.all(items.flatMap(item => KINDS.map(kind => ask('PUT', `${path}/baskets/${kind}/${item}`))))
}

async function show () {
  await Promise.all(KINDS.map(async kind => {
    const kept = await ask('GET', `/baskets/${kind}`)
    const all = [...new Set([...sent, ...kept])].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    const basket = document.getElementById(kind)
    basket.querySelector('.kept b').textContent = all.length === 0 ? '0' : `${kept.length} of ${all.length}`
    basket.querySelector('.items').replaceChildren(...all.map(item => cell(item, kept.includes(item))))
  }))
}

function cell (item, kept) {
  const li = document.createElement('li')
  li.className = kept ? `from-${item[0]}` : 'lost'
  li.textContent = item
  if (!kept) li.setAttribute('aria-label', `${item}, lost`)
  return li
}

/** The window whose button is pressed. */
async function round () {
  button.setAttribute('aria-disabled', 'true')
  status.textContent = 'Filling…'
  try {
    await Promise.all(KINDS.map(kind => ask('DELETE', `/baskets/${kind}`)))
    sent = new Set([...itemsOf(letter), ...itemsOf('p')])
    const others = answers()
    channel.postMessage({ fill: letter })
    await Promise.all([fill(letter), fill('p', '/second-process'), others])
    await show()
    const [merged, overwritten] = KINDS.map(kind => document.querySelector(`#${kind} .kept b`).textContent)
    status.textContent = `Merged: ${merged} items kept. Last save wins: ${overwritten}.`
    channel.postMessage({ sent: [...sent] })
  } catch (error) {
    status.textContent = `The baskets could not be filled: ${error.message}`
  } finally {
    button.setAttribute('aria-disabled', 'false')
  }
}

/** Resolves when the other windows that have said that they fill have filled. */
function answers () {
  const waiting = new Set()
  return new Promise(resolve => {
    // A window that is there says so at once.
    setTimeout(() => { if (waiting.size === 0) done() }, 200)
    function done () {
      channel.removeEventListener('message', listen)
      resolve()
    }
    function listen ({ data }) {
      if (data.filling) {
        waiting.add(data.filling)
        for (const item of itemsOf(data.filling)) sent.add(item)
      }
      if (data.filled) {
        waiting.delete(data.filled)
        if (waiting.size === 0) done()
      }
    }
    channel.addEventListener('message', listen)
  })
}

/** The other windows. Two with one letter would put in the same items. */
channel.addEventListener('message', async ({ data }) => {
  if (data.fill && data.fill !== letter) {
    channel.postMessage({ filling: letter })
    await fill(letter).catch(() => {}) // the first window says what went wrong
    channel.postMessage({ filled: letter })
  } else if (data.sent) {
    sent = new Set(data.sent)
    await show().catch(() => {})
  }
})

button.addEventListener('click', () => {
  if (button.getAttribute('aria-disabled') !== 'true') round()
})

show().catch(() => {}) // while MongoDB is away: the page says so
