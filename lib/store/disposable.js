'use strict'

/** Has `await using` close the stores of a class. */
function disposable (MongoStore) {
  // Node.js 20.0 to 20.3 do not know this symbol.
  if (Symbol.asyncDispose) {
    Object.defineProperty(MongoStore.prototype, Symbol.asyncDispose, {
      value () { return this.close() }, configurable: true, writable: true
    })
  }
  return MongoStore
}

module.exports = { disposable }
