'use strict'

// The pages that people read, in Markdown: README.md and docs/.

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '../..')

/** Paths from the root, in the way of URLs. */
function pages () {
  const docs = fs.readdirSync(path.join(root, 'docs'), { recursive: true }).filter(name => name.endsWith('.md'))
  return ['README.md', ...docs.map(name => `docs/${name.split(path.sep).join('/')}`).sort()]
}

const read = page => fs.readFileSync(path.join(root, page), 'utf8')

/** A page without its blocks of code, which hold what looks like Markdown. */
const prose = page => read(page).replace(/^( *)```.*?^\1```/gms, '')

/** The targets of a page's links, those that it defines by a name included. */
function linksOf (page) {
  const text = prose(page).replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(([, link, defined]) => link ?? defined)
}

/** The names by which a page refers to links, and those that it defines. */
function referencesOf (page) {
  const text = prose(page)
  return {
    used: [...text.matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name),
    defined: [...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name)
  }
}

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf (page) {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)]
    .map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'))
}

/**
 * The blocks of code of a page: `{ language, text, line, note }`. The note is the HTML comment above it,
 * which readers do not see.
 */
function blocksOf (page) {
  const BLOCK = /(?:<!--\s*((?:(?!-->).)*?)\s*-->\n)?^( *)```(\S*)[^\n]*\n(.*?)^\2```/gms
  const text = read(page)
  return [...text.matchAll(BLOCK)].map(({ index, 0: all, 1: note = '', 2: indent, 3: language, 4: code }) => ({
    language,
    note,
    text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    line: text.slice(0, index + all.indexOf('```')).split('\n').length
  }))
}

module.exports = { blocksOf, headingsOf, linksOf, pages, read, referencesOf, root }
