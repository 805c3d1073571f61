'use strict'

/**
 * The name that was probably meant: equal but for case and separators, or within a third of its letters.
 * Undefined when none comes near.
 */
function nearestName (name, candidates) {
  const wanted = fold(name)
  let nearest
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = distance(wanted, fold(candidate))
    if (edits < least) [nearest, least] = [candidate, edits]
  }
  return nearest
}

/** No more than 40 letters: `distance` takes time by their square, and no option's name is longer. */
function fold (name) {
  return name.slice(0, 40).replace(/[-_]/g, '').toLowerCase()
}

/** How many letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
function distance (a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1)
    }
  }
  return rows[a.length][b.length]
}

/** What an error says after a name that is none of `candidates`: nothing, if none comes near. */
function suggestion (name, candidates) {
  const nearest = nearestName(name, candidates)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

module.exports = { nearestName, suggestion }
