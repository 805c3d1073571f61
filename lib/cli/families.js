'use strict'

const { parse } = require('../crypto/rows')
const { krupteinSuites, webSuite } = require('../crypto/suites')

// What a stored string is, as far as can be told without the secret.

/** The usual options of each family. */
const SUITES = { ...krupteinSuites({}), W: webSuite() }

/** The families whose rows have one shape. */
const FAMILIES = { K0: 'K0', K2: 'K2', text: 'A, B or C', raw: 'D' }

/** IV, one block and a tag: no row of family W is shorter. Characters of base64. */
const SHORTEST_WEB = 40

/** The encryption family of a stored string; null if it is none's. docs/encryption.md has the families. */
function familyOf (stored) {
  const row = parse(stored, SUITES)
  if (row === null) return null
  if (row.shape !== 'web') return FAMILIES[row.shape]
  return stored.length >= SHORTEST_WEB && /^[\w+/=-]+$/.test(stored) ? 'W' : null
}

module.exports = { familyOf }
