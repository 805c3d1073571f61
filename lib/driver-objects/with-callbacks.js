'use strict'

const { asError } = require('../support/errors')
const { isPromise, nextTick, Promise } = require('../support/realm')

// Drivers from 5 on have promises only, and leave a callback uncalled. Apps of connect-mongo's time up to 3
// pass callbacks to `store.db` and `store.collection`: these wrappers take both.

/** Functions that are passed to these are no callbacks. */
const TAKE_FUNCTIONS = new Set([
  'addCursorFlag', 'addListener', 'emit', 'forEach', 'map', 'off', 'on', 'once', 'prependListener', 'removeListener',
  'stream', 'transformStream', 'withSession', 'withTransaction'
])

const wrappers = new WeakMap()

/** A wrapper around one of the driver's objects, and around all that is reached by it. */
function withCallbacks (target) {
  if (!isWorthIt(target)) return target
  let wrapper = wrappers.get(target)
  if (wrapper === undefined) {
    wrapper = new Proxy(target, { get: (object, name) => property(object, name) })
    wrappers.set(target, wrapper)
  }
  return wrapper
}

function property (object, name) {
  const value = Reflect.get(object, name) // with the object itself as `this`: it has private fields
  if (typeof value !== 'function') return isInvariant(object, name) ? value : withCallbacks(value)
  if (name === 'constructor' || typeof name === 'symbol') return value
  return function (...args) {
    const callback = !TAKE_FUNCTIONS.has(name) && typeof args.at(-1) === 'function' ? args.pop() : undefined
    const result = value.apply(object, args)
    if (callback === undefined) return isPromise(result) ? result.then(withCallbacks) : withCallbacks(result)
    Promise.resolve(result).then(
      answer => nextTick(callback, null, withCallbacks(answer)),
      error => nextTick(callback, asError(error)))
    return result === object ? withCallbacks(result) : undefined
  }
}

/** A proxy must return the value itself of such a property, not a wrapper. */
function isInvariant (object, name) {
  const own = Object.getOwnPropertyDescriptor(object, name)
  return own !== undefined && !own.configurable && !own.writable && own.get === undefined
}

/** Whether it is one of the driver's objects, by its class, and not a document, an error or a BSON value. */
function isWorthIt (value) {
  if (typeof value !== 'object' || value === null || value._bsontype !== undefined) return false
  return /(MongoClient|Db|Admin|Collection|Cursor|Batch|Operation)$/.test(value.constructor?.name)
}

module.exports = { TAKE_FUNCTIONS, withCallbacks }
