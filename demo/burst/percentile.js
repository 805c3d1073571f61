'use strict'

/** Of numbers in any order; null of none. */
function percentile (numbers, share) {
  if (numbers.length === 0) return null
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1]
}

module.exports = { percentile }
