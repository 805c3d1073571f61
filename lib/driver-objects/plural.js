'use strict'

// How Mongoose up to 5 named a model's collection. Rows are found by these names, so they stay as they were,
// quirks included: `human` is `humen`.

const UNCOUNTABLE = new Set([
  'advice', 'cooperation', 'deer', 'digestion', 'energy', 'equipment', 'excretion', 'expertise', 'fish', 'health',
  'information', 'justice', 'labour', 'machinery', 'media', 'money', 'moose', 'news', 'paper', 'pollution', 'rain',
  'rice', 'series', 'sewage', 'sheep', 'species', 'status'
])

/** The first that matches counts. */
const RULES = [
  [/man$/, 'men'],
  [/person$/, 'people'],
  [/child$/, 'children'],
  [/^ox$/, 'oxen'],
  [/(ax|test)is$/, '$1es'],
  [/(octop|vir)us$/, '$1i'],
  [/(alias|status|x|ch|ss|sh)$/, '$1es'],
  [/bus$/, 'buses'],
  [/(buffal|tomat|potat)o$/, '$1oes'],
  [/([ti])um$/, '$1a'],
  [/sis$/, 'ses'],
  [/([^f])fe$/, '$1ves'],
  [/([lr])f$/, '$1ves'],
  [/([^aeiouy]|qu)y$/, '$1ies'],
  // Anywhere: at the end, the rule for `x` comes first.
  [/(matr|vert|ind)ix/g, '$1ices'],
  [/([ml|])ouse$/, '$1ice'],
  [/quiz$/, 'quizzes'],
  // A plural already, or no letter of English at the end.
  [/(s|[^a-z])$/, '$1'],
  [/$/, 's']
]

function plural (name) {
  const lower = name.toLowerCase()
  if (UNCOUNTABLE.has(lower)) return lower
  const [pattern, ending] = RULES.find(([pattern]) => lower.search(pattern) !== -1)
  return lower.replace(pattern, ending)
}

module.exports = { plural }
