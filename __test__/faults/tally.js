'use strict'

/** After its deadline an operation has this long to settle, while the event loop runs. Milliseconds. */
const GRACE_MS = 1000

/** What holds for every operation, whatever is stored: counts, and that it settles once and in time. */
class Tally {
  violations = []
  unpromised = 0
  #timeoutMS
  #counts = { operations: 0, acknowledged: 0, failed: 0, unknown: 0, longestMS: 0 }

  /** `timeoutMS`: the operation timeout, if there is one. */
  constructor ({ timeoutMS }) {
    this.#timeoutMS = timeoutMS
  }

  /** `possible`: the rows that there may be. */
  violate (kind, entry, possible) {
    this.violations.push({ kind, entry, possible })
  }

  report () {
    return { violations: this.violations, ...this.#counts, unpromised: this.unpromised }
  }

  take (entry) {
    const { outcome, ageMS } = entry
    this.#counts.operations++
    if (outcome === 'done') this.#counts.acknowledged++
    else if (outcome !== undefined) this.#counts.failed++
    if (outcome === 'unknown') this.#counts.unknown++
    this.#counts.longestMS = Math.max(this.#counts.longestMS, ageMS ?? 0)
    this.#checkSettling(entry)
  }

  #checkSettling (entry) {
    const { settled, callbacks, ageMS, isUnexplained } = entry
    if (settled === 0) this.violate('never settled', entry)
    else if (settled > 1 || (callbacks ?? 1) > 1) this.violate('settled twice', entry)
    else if (callbacks === 0) this.violate('never called back', entry)
    if (isUnexplained) this.violate('failed without an error', entry)
    if (this.#timeoutMS && ageMS > this.#timeoutMS + GRACE_MS) this.violate('settled too late', entry)
  }
}

module.exports = { Tally }
