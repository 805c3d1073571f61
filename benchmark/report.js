'use strict'

// Figures out of trials, and tables out of figures. Nothing here measures anything.

/**
 * A row for each store in each case: the medians of its figures over the rounds, and `lead`, how many
 * times as much as it the subject does. `by`: the properties that make a case. The first of `figures` is
 * the rate.
 */
function summarize (trials, { by, figures, subject }) {
  const rows = []
  for (const same of groups(trials, trial => JSON.stringify(by.map(name => trial[name])))) {
    const ours = same.filter(({ store }) => store === subject)
    const stores = groups(same, ({ store }) => store)
    for (const mine of stores) {
      const [{ store }] = mine
      const row = { store, ...Object.fromEntries(by.map(name => [name, mine[0][name]])) }
      for (const figure of figures) row[figure] = median(mine.map(trial => trial[figure]))
      row.lead = store === subject ? null : ratio(ours, mine, figures[0])
      rows.push(row)
    }
  }
  return rows
}

/**
 * The median of the rounds' ratios, and not the ratio of medians: what slows the machine down for a while
 * slows down all of a round. Null where there is nothing to compare.
 */
function ratio (ours, theirs, figure) {
  const all = ratios(ours, theirs, figure)
  return all.length > 0 ? median(all) : null
}

/** Of each round in which both were measured. */
function ratios (ours, theirs, figure) {
  return ours.flatMap(({ round, [figure]: value }) => {
    return theirs.filter(other => other.round === round).map(other => value / other[figure])
  })
}

function median (numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Of sorted numbers, by the nearest rank. */
function percentile (sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** Lists of the items that have the same key, in the order of their first items. */
function groups (items, key) {
  const lists = new Map()
  for (const item of items) {
    if (!lists.has(key(item))) lists.set(key(item), [])
    lists.get(key(item)).push(item)
  }
  return [...lists.values()]
}

/** A Markdown table that can be read as it is. The first `left` columns are words. */
function table (head, rows, left) {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column].length), 2))
  const pad = (cell, column) => column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
  const format = line => `| ${line.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) => column < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)
  return [format(head), format(rule), ...rows.map(format)].join('\n')
}

/** Three digits, or all before the point. */
function digits (number) {
  if (number >= 100) return Math.round(number).toLocaleString('en')
  return number.toFixed(number >= 10 ? 1 : 2)
}

function times (number) {
  return number === null ? '' : `${digits(number)}×`
}

module.exports = { digits, groups, median, percentile, ratio, ratios, summarize, table, times }
