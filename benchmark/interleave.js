'use strict'

/**
 * Runs every case on every store, round by round, and resolves with all trials: what slows the machine
 * down for a while slows down all stores. `measure({ store, round, ...case })` resolves with the figures
 * of one.
 */
async function interleave ({ stores, cases, rounds }, measure) {
  const trials = []
  for (let round = 1; round <= rounds; round++) {
    for (const one of cases) {
      for (const store of ordered(stores, round)) {
        const trial = { store, ...one, round }
        trials.push({ ...trial, ...await measure(trial) })
      }
    }
  }
  return trials
}

/**
 * Another store begins each round: mongod is still busy when a trial with many writes is over. Every second
 * round goes backwards, or a store would nearly always follow the same one.
 */
function ordered (stores, round) {
  const first = Math.floor((round - 1) / 2) % stores.length
  const rotated = [...stores.slice(first), ...stores.slice(0, first)]
  return round % 2 === 0 ? rotated.reverse() : rotated
}

module.exports = { interleave }
