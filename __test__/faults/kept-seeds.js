'use strict'

// Seeds with which a promise was once broken, or seemed to be: `npm run test:faults` tries them beside those
// that it is asked for. `{ fault, subject, seed }`, and what was wrong.

module.exports = []
