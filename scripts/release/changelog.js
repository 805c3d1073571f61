'use strict'

// npm run release:notes            what CHANGELOG.md says of the version in package.json
// npm run release:notes -- 1.2.3   or of another

const fs = require('node:fs')
const path = require('node:path')
const { root, main } = require('../run')
const { version: current } = require('../../package.json')

/** The section of a version, without its heading. Throws if there is none, or nothing in it. */
function notesOf (version, text = fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8')) {
  const sections = text.split(/^## /m).slice(1)
  const section = sections.find(section => section.startsWith(`[${version}]`))
  const notes = section?.slice(section.indexOf('\n')).replace(/^\[[^\]]+\]: .*$/gm, '').trim()
  if (!notes) throw new Error(`CHANGELOG.md says nothing of ${version}: give it a section "## [${version}] - <date>".`)
  return `${notes}\n`
}

if (require.main === module) main(async () => process.stdout.write(notesOf(process.argv[2] ?? current)))

module.exports = { notesOf }
