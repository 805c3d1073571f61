'use strict'

const { UrlObjects } = require('./url-objects')

// What apps reach for past the store: `client`, `db`, `collection` of connect-mongo up to 3, `clientP` and
// `collectionP` since. On a connection of the app's these are its own objects. On a URL they are made when
// they are first asked for, with the app's mongodb package, and closed with the store.

/** Defines `client`, `db`, `collection`, `collectionReady`. Returns an object whose `close` closes them. */
function attachObjects (store, form, backend) {
  const byUrl = new UrlObjects(form, backend)
  const objects = form.connection ? () => backend.handles : () => byUrl.now()
  for (const name of ['client', 'db', 'collection']) define(store, name, () => objects()[name])
  const collectionReady = async () => {
    if (form.connection) return (await backend.reached()).collection
    return (await byUrl.connected(), byUrl.now()).collection
  }
  define(store, 'collectionReady', () => collectionReady)
  return byUrl
}

/** Defines `clientP` and `collectionP`. Returns an object whose `close` closes them. */
function attachPromises (store, form, backend) {
  const byUrl = new UrlObjects(form, backend)
  const reached = form.connection ? () => backend.reached() : () => byUrl.connected()
  for (const [name, handle] of Object.entries({ clientP: 'client', collectionP: 'collection' })) {
    define(store, name, remembered(async () => (await reached())[handle]))
  }
  return byUrl
}

/** Not enumerable: inspecting a store must not make a client. Apps may assign what they like. */
function define (store, name, get) {
  const set = value => {
    Object.defineProperty(store, name, { value, configurable: true, enumerable: true, writable: true })
  }
  Object.defineProperty(store, name, { get, set, configurable: true, enumerable: false })
}

/** Returns the same promise each time, until it fails. Its failure is no unhandled rejection. */
function remembered (make) {
  let promise
  return () => {
    if (promise === undefined) {
      promise = make()
      promise.catch(() => { promise = undefined })
    }
    return promise
  }
}

module.exports = { attachObjects, attachPromises }
