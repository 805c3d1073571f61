'use strict'

/**
 * A property that is not enumerable, such as a store's options: they hold the URL, and people log `req`,
 * which leads to them.
 */
function hide (object, name, value) {
  Object.defineProperty(object, name, { value, configurable: true, writable: true })
}

module.exports = { hide }
