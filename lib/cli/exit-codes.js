'use strict'

/** The same for every command. `incomplete` is of `backfill` and `migrate`. */
module.exports = { done: 0, trouble: 1, usage: 2, incomplete: 3 }
