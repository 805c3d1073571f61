// What the server tells all pages. The browser connects again by itself, also when the server has been
// restarted.

const listeners = new Map()
let source

/**
 * `name`: 'connection', 'mongodb', 'stats', 'burst', and 'server', the connection to the app server itself.
 */
export function on (name, listener) {
  if (!listeners.has(name)) {
    listeners.set(name, [])
    if (source && name !== 'server') source.addEventListener(name, receive)
  }
  listeners.get(name).push(listener)
}

function receive ({ type, data }) {
  emit(type, JSON.parse(data))
}

function emit (name, value) {
  for (const listener of listeners.get(name) ?? []) listener(value)
}

/** Browsers have six connections to a host, and a stream takes one: windows in the background have none. */
function followVisibility () {
  if (document.hidden) {
    close()
  } else if (!source) {
    source = new EventSource('/events')
    source.addEventListener('open', () => emit('server', { reachable: true }))
    source.addEventListener('error', () => emit('server', { reachable: false }))
    for (const name of listeners.keys()) {
      if (name !== 'server') source.addEventListener(name, receive)
    }
  }
}

function close () {
  source?.close()
  source = undefined
}

// The modules that listen are loaded first.
queueMicrotask(followVisibility)
document.addEventListener('visibilitychange', followVisibility)
// A page that is left keeps its stream for a while, and the connection with it.
addEventListener('pagehide', close)
addEventListener('pageshow', followVisibility)
