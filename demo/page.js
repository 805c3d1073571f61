'use strict'

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

function escape (text) {
  return text.replace(/[&<>"']/g, character => ENTITIES[character])
}

function page ({ user, visits }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>connect-mongo-native</title>
<style>${STYLE}</style>
<main>
  <h1>connect-mongo-native</h1>
  <section>${user ? welcome(user, visits) : LOGIN}</section>
  <section>
    <h2>The store, live</h2>
    <table>
      <thead><tr><th>operation<th>done<th>p50 ms<th>p95 ms<th>p99 ms</thead>
      <tbody id="operations"></tbody>
    </table>
    <dl id="figures"></dl>
  </section>
</main>
<script>${SCRIPT}</script>
</html>
`
}

function welcome (user, visits) {
  return `
    <p>Hello, <b>${escape(user)}</b>. You were here <b>${visits}</b> ${visits === 1 ? 'time' : 'times'}.
    <p>Restart the server and come back: MongoDB remembers you.
    <form method="post" action="/logout"><a href="/">Visit again</a><button>Log out</button></form>`
}

const LOGIN = `
    <p>Nobody is logged in, so there is no session yet.
    <form method="post" action="/login">
      <input name="user" placeholder="Your name" aria-label="Your name" maxlength="40" required autofocus>
      <button>Log in</button>
    </form>`

const STYLE = `
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 15%, transparent); --accent: #13795b }
  body { font: 16px/1.6 system-ui, sans-serif; margin: 0; padding: 3rem 1.25rem }
  main { max-width: 36rem; margin: auto }
  h1 { font-size: 1.4rem; letter-spacing: -.01em }
  h2 { font-size: 1rem; margin-top: 0 }
  section { border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem 1.5rem; margin-top: 1.25rem }
  section > p:first-child { margin-top: 0 }
  form { display: flex; gap: .75rem; align-items: center; justify-content: space-between }
  input, button { font: inherit; padding: .4rem .8rem; border-radius: .5rem; border: 1px solid var(--line) }
  input { flex: 1; background: transparent; color: inherit }
  button { background: var(--accent); color: #fff; border-color: transparent; cursor: pointer }
  a { color: inherit }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
  th, td { text-align: right; padding: .2rem 0; border-bottom: 1px solid var(--line); font-weight: normal }
  th:first-child, td:first-child { text-align: left }
  thead, dt { opacity: .65; font-size: .85rem }
  dl { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin: 1.25rem 0 0 }
  dd { margin: 0; font-variant-numeric: tabular-nums }`

const SCRIPT = `
  const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0)
  const ms = value => value == null ? '–' : value.toFixed(2)

  async function refresh () {
    const figures = await (await fetch('/figures')).json()
    const { operations, commands, latencyMS, queued, inFlight, errors } = figures
    document.getElementById('operations').innerHTML = Object.entries(operations)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => {
        const { p50, p95, p99 } = latencyMS[name] ?? {}
        return '<tr>' + [name, count, ms(p50), ms(p95), ms(p99)].map(cell => '<td>' + cell).join('')
      })
      .join('')
    const small = { 'commands sent': sum(commands), queued, 'in flight': inFlight, errors }
    document.getElementById('figures').innerHTML = Object.entries(small)
      .map(([name, value]) => '<div><dt>' + name + '<dd>' + value + '</div>')
      .join('')
  }

  refresh()
  setInterval(refresh, 1000)`

module.exports = { page }
