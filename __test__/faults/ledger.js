'use strict'

/**
 * A ledger in the order in which its entries began. A drop of the collection by somebody else has no place in
 * the order of the calls. What was called before it and is under way may come after it: it begins with the
 * oldest of these. A get behind such a write takes its result from that: it ends with the last of these.
 */
function inOrder (ledger) {
  const wide = ledger.map(entry => {
    if (entry.kind !== 'drop') return entry
    const crossed = ledger.filter(({ calledAt, settledAt }) => calledAt < entry.calledAt && settledAt > entry.calledAt)
    return {
      ...entry,
      calledAt: Math.min(entry.calledAt, ...crossed.map(({ calledAt }) => calledAt - 0.5)),
      settledAt: Math.max(entry.settledAt, ...crossed.map(({ settledAt }) => settledAt + 0.5))
    }
  })
  return wide.sort((one, other) => one.calledAt - other.calledAt)
}

module.exports = { inOrder }
