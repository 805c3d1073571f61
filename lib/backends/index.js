'use strict'

// Who talks to MongoDB: the Rust core, on connections of its own; or a driver in JavaScript, on a connection
// of the app's. Each is loaded when a store needs it. Both keep one contract:
//
//   open(form)        → a backend, which connects by itself
//     get(id)                 → { value, expires, lastModified } | null
//     set(id, value, dates)   → 'created' | 'updated'; `value` may be a promise: the set takes its sequence
//                               number now, and fails if the promise does, with an error of either
//     setIf(id, attempt, bytes, conflict)
//                             → the same of a conditional set; see conflicts/save.js
//     touch(id, dates)        → whether it was there
//     destroy(id)             → whether it was there
//     discard(id, value)      → whether it was there with this value, and is no more; in no order
//     scan({ after, limit })  → { rows, next }, live rows in the order of their ids; `next` null at the end
//     ids({ after, limit })   → the same with ids only
//     countWhere(filter)      → how many live rows have these fields
//     idsWhere(filter)        → { rows } of their ids
//     rowsWhere(filter)       → { rows }
//     destroyWhere(filter, except)
//                             → how many rows with these fields it has destroyed; `except`: an id, or null
//     writeFields(id, value, fields)
//                             → whether a row with this value was there to store the fields in
//     count() clear() ping() sweep() stats() close()
//     expired(limit)          → { rows, now }: the `_id`s of expired rows, and what `claim` takes beside one
//     claim(row, now)         → { id, value, expires }, which it removes; null if it is not there expired
//     abandon()               as `close`, but leaves the app's connection open
//     onEvent(listener)       ('connected') ('disconnected') ('error', Error, of) ('warning', code, text)
//                             ('due', answer): the interval is over; `answer(true)`: rows were claimed;
//                             `answer(false)`: the backend is to remove what has expired
//     timer                   of the interval at which sessions are removed, if it is one of JavaScript
//   makeId(given)     → the id as the backend takes it; throws for what is no id
//   readId(id)        → the id as the app's code knows it
//   encodeFields(values) → fields or a filter as the backend takes them, of scalars by name; null stands for
//                       a field that is to go
//   documents         → `load`, `encode` and `decode` for what is stored as neither a string nor null
//
// `dates` are `{ expires, lastModified }`, in milliseconds since the epoch; null is a field that is not
// there. With a set they may have `fields`, which are stored beside the session.

module.exports = {
  get native () {
    return require('./native')
  },
  get driver () {
    return require('./driver')
  }
}
