'use strict'

const { nextTick } = require('../support/realm')
const { TAKE_FUNCTIONS } = require('./with-callbacks')

// Drivers up to 4.6 can do nothing before their client is connected, and up to 3 it has no Db until then.
// Later ones connect at their first operation: some once for each, and none again after a failure. These
// stand in for their objects meanwhile: each call is made on the driver's own object when there is one.
//
// `ready` returns a promise of that object. It is called for each use: an attempt to connect may fail and the
// next one succeed. `driver` has the classes Db and Collection.

/** The client, whose `db` may be called already. */
function deferredClient (driver, client, ready) {
  const db = (name, options) => deferredDb(driver, name, async () => (await ready()).db(name, options))
  return new Proxy(client, {
    get (target, name) {
      if (name === 'db') return db
      const value = Reflect.get(target, name)
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
    }
  })
}

function deferredDb (driver, databaseName, ready) {
  const collection = (name, ...rest) => {
    const options = typeof rest[0] === 'object' ? rest[0] : undefined
    if (typeof rest.at(-1) === 'function') later(ready(), 'collection', [name, ...rest])
    return deferredCollection(driver, databaseName, name, async () => (await ready()).collection(name, options))
  }
  const db = (name, options) => deferredDb(driver, name, async () => (await ready()).db(name, options))
  return standIn(driver.Db.prototype, { databaseName, collection, db }, ready)
}

function deferredCollection (driver, dbName, collectionName, ready) {
  const known = { collectionName, dbName, namespace: `${dbName}.${collectionName}` }
  return standIn(driver.Collection.prototype, known, ready)
}

/** Has what is `known`, and the methods of a class. */
function standIn (prototype, known, ready) {
  return new Proxy(Object.create(prototype), {
    get (target, name) {
      if (Object.hasOwn(known, name)) return known[name]
      if (name === 'constructor') return prototype.constructor
      return isMethod(prototype, name) ? (...args) => later(ready(), name, args) : undefined
    }
  })
}

/** Calls no getter: it would miss what a constructor has made. */
function isMethod (prototype, name) {
  for (let one = prototype; one !== null; one = Object.getPrototypeOf(one)) {
    const property = Object.getOwnPropertyDescriptor(one, name)
    if (property) return typeof property.value === 'function'
  }
  return false
}

/** Calls a method when its object is there. Returns what stands for its result. */
function later (promise, name, args) {
  const takesCallback = !TAKE_FUNCTIONS.has(name) && typeof args.at(-1) === 'function'
  const result = promise.then(object => object[name](...args))
  if (takesCallback) result.catch(error => nextTick(args.at(-1), error))
  // Of a cursor that nobody has looked at: that there was no connection for it is no unhandled rejection.
  else promise.catch(() => result.catch(() => {}))
  return resultOf(result)
}

/**
 * Stands for what a method returns. Whether that is a promise or an object, such as a cursor, is not known
 * yet: it may be used as either.
 */
function resultOf (promise) {
  return new Proxy({}, {
    get (target, name) {
      if (name === 'then' || name === 'catch' || name === 'finally') return promise[name].bind(promise)
      if (name === Symbol.asyncIterator) return () => iterate(promise)
      if (typeof name === 'symbol' || name === 'constructor' || name === 'toJSON') return undefined
      return (...args) => later(promise, name, args)
    }
  })
}

async function* iterate (promise) {
  yield* await promise
}

module.exports = { deferredClient }
