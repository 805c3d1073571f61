'use strict'

// Rust source as tokens: names, `::` and single characters. Comments, strings, characters and lifetimes are
// left out.

const LEFT_OUT = [
  /\/\/[^\n]*/y,
  /[bc]?r(#*)"[^]*?"\1/y,
  /[bc]?"(?:\\[^]|[^"\\])*"/y,
  /b?'(?:\\(?:u\{[^}]*\}|x..|[^])|[^\\'])'/uy,
  /'[A-Za-z_]\w*/y,
  /\s+/y
]
const TOKEN = /(?:r#)?[A-Za-z_]\w*|::|[^]/y

function tokensOf (source) {
  const tokens = []
  for (let at = 0; at < source.length;) {
    if (source.startsWith('/*', at)) {
      at = endOfComment(source, at)
      continue
    }
    const end = LEFT_OUT.map(pattern => endOfMatch(pattern, source, at)).find(end => end !== undefined)
    if (end === undefined) {
      TOKEN.lastIndex = at
      tokens.push(TOKEN.exec(source)[0].replace(/^r#/, ''))
      at = TOKEN.lastIndex
    } else {
      at = end
    }
  }
  return tokens
}

function endOfMatch (pattern, source, at) {
  pattern.lastIndex = at
  return pattern.test(source) ? pattern.lastIndex : undefined
}

/** Block comments nest. */
function endOfComment (source, at) {
  let depth = 0
  do {
    if (source.startsWith('/*', at)) depth++
    else if (source.startsWith('*/', at)) depth--
    else {
      at++
      continue
    }
    at += 2
  } while (depth > 0 && at < source.length)
  return at
}

module.exports = { tokensOf }
