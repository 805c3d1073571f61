'use strict'

// What doctor looks at. A check returns findings, `{ code, level, message, remedy?, fix?, destroys? }`:
//
//   code      a word for programs, which docs/command-line.md explains
//   level     'ok'; 'warning': works, and may surprise; 'problem': does not work, or soon will not
//   remedy    what to do, in the words of whoever does it
//   fix()     does it; `destroys` says that sessions go by it

const ok = (code, message) => ({ code, level: 'ok', message })
const warning = (code, message, remedy, fix) => ({ code, level: 'warning', message, remedy, ...fix })
const problem = (code, message, remedy, fix) => ({ code, level: 'problem', message, remedy, ...fix })

module.exports = { ok, problem, warning }
