'use strict'

// Which pages the site has, from which files, and how its sidebar groups them.

const fs = require('node:fs')
const path = require('node:path')
const { root } = require('../run')
const { homepage } = require('../../package.json')

const blob = `${homepage.replace(/#.*/, '')}/blob/main/`

/** Pages that are not in docs/. */
const ELSEWHERE = {
  'README.md': 'overview.md',
  'benchmark/README.md': 'performance.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security-policy.md',
  'CODE_OF_CONDUCT.md': 'code-of-conduct.md'
}

/** In order, by the beginning of a page's name. What is not named comes last. */
const GROUPS = {
  Start: ['why', 'quick-start', 'overview', 'migrating-'],
  'Using it': [
    'options', 'events-', 'conflicts', 'finding-', 'expiry', 'connections', 'encryption', 'errors', 'troubleshooting', 'health-', 'typescript', 'testing-your-app'
  ],
  'In production': ['operations', 'monitoring', 'performance', 'reliability', 'security', 'command-line', 'versioning', 'compatibility'],
  'Where it runs': ['frameworks', 'bundlers', 'serverless', 'worker-threads', 'bun-and-deno'],
  'The project': ['contributing', 'architecture', 'testing', 'releasing', 'changelog', 'code-of-conduct', 'security-policy'],
  More: ['']
}

const TITLES = { overview: 'Overview', performance: 'Performance' }

/** Writes the pages into a folder; returns `{ name, title }` of each. */
function stagePages (folder) {
  const docs = fs.readdirSync(path.join(root, 'docs'), { recursive: true })
    .filter(name => name.endsWith('.md'))
    .map(name => name.split(path.sep).join('/'))
  const files = { ...Object.fromEntries(docs.map(name => [`docs/${name}`, name])), ...ELSEWHERE }
  return Object.entries(files).map(([file, to]) => {
    const text = relink(fs.readFileSync(path.join(root, file), 'utf8'), { file, to, files })
    fs.mkdirSync(path.dirname(path.join(folder, to)), { recursive: true })
    fs.writeFileSync(path.join(folder, to), text)
    return { name: to.replace(/\.md$/, ''), title: text.match(/^# (.*)$/m)[1] }
  })
}

/** Links of a page, as they are in the repository, lead to pages of the site, or else to the repository. */
function relink (text, { file, to, files }) {
  const blocks = text.split(/(^ *```.*?^ *```)/ms)
  return blocks.map((block, index) => index % 2 === 1
    ? block
    : block.replace(/(\]\(|^\[[^\]]+\]: )([^)\s]+)/gm, (all, before, link) => before + target(link))).join('')

  function target (link) {
    if (link.startsWith('#')) return link
    const [address, anchor] = link.split('#')
    const inside = address.startsWith(blob)
    if (/^[a-z]+:/.test(address) && !inside) return link
    const named = inside ? address.slice(blob.length) : path.posix.join(path.posix.dirname(file), address)
    const page = files[named]
    const hash = anchor === undefined ? '' : `#${anchor}`
    if (page === undefined) return blob + named + hash
    return `./${path.posix.relative(path.posix.dirname(to), page)}${hash}`
  }
}

function sidebarOf (pages) {
  const left = new Set(pages)
  const groups = Object.entries(GROUPS).map(([text, prefixes]) => {
    const named = prefixes.flatMap(prefix => {
      const found = [...left].filter(({ name }) => name.startsWith(prefix)).sort(byName)
      for (const page of found) left.delete(page)
      return found
    })
    return { text, items: named.map(({ name, title }) => ({ text: TITLES[name] ?? title, link: `/${name}` })) }
  })
  const reference = { text: 'API reference', items: [{ text: 'All types', link: '/api/' }] }
  return [...groups.filter(({ items }) => items.length > 0), reference]
}

const byName = (a, b) => a.name < b.name ? -1 : 1

module.exports = { sidebarOf, stagePages }
