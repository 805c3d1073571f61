'use strict'

// No store, but what every store does on the JavaScript thread: JSON, and a callback on a stack of its own.
// It shows how much of the other figures is that, and the harness.

exports.open = async () => {
  const rows = new Map()
  const store = {
    get: (sid, callback) => process.nextTick(callback, null, JSON.parse(rows.get(sid))),
    set: (sid, session, callback) => {
      const text = JSON.stringify(session)
      if (!rows.has(sid)) rows.set(sid, text)
      process.nextTick(callback, null)
    },
    touch: (sid, session, callback) => process.nextTick(callback, null)
  }
  return { store, close: async () => {} }
}
