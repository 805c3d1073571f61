'use strict'

// docs/command-line.md and the texts of help say the same.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { commands } = require('../../lib/cli/commands')
const { command } = require('../helpers/command-line')

const page = fs.readFileSync(path.join(__dirname, '../../docs/command-line.md'), 'utf8')

/** The first text block after a heading, or at the beginning of the page. */
const blockOf = section => /^```text\n(.*?)^```/ms.exec(section)?.[1]

const sections = new Map(page.split(/^## /m).map(section => [/^`(\w+)`/.exec(section)?.[1], section]))

test('the page begins with what help prints', async () => {
  assert.equal(blockOf(sections.get(undefined)), (await command(['help'])).stdout)
})

test('each command has a section, which begins with its help', async () => {
  assert.deepEqual([...sections.keys()].filter(Boolean), Object.keys(commands))
  for (const name of Object.keys(commands)) {
    assert.equal(blockOf(sections.get(name)), (await command(['help', name])).stdout, name)
  }
})

test('the page speaks of no option that there is not', () => {
  const known = new Set(Object.values(commands).flatMap(({ options }) => Object.keys(options)))
  const beyond = ['version']
  for (const [, name] of page.replaceAll(/mongosh [^\n]*/g, '').matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)) {
    assert.ok(known.has(name) || beyond.includes(name), `--${name}`)
  }
})

test('the page explains each code of doctor, and no other', () => {
  const checks = path.join(__dirname, '../../lib/cli')
  const sources = fs.readdirSync(checks, { recursive: true })
    .filter(name => /^(checks.*|doctor)\.js$/.test(name))
    .map(name => fs.readFileSync(path.join(checks, name), 'utf8'))
    .join('\n')
  const made = Array.from(sources.matchAll(/(?:\b(?:problem|warning)\(|code: )'([a-z-]+)'/g), ([, code]) => code)
  const rows = sections.get('doctor').split('\n').filter(line => line.startsWith('| `'))
  const explained = rows.flatMap(row => Array.from(row.split('|')[1].matchAll(/`([a-z-]+)`/g), ([, code]) => code))
  // These are named after the kind of collection.
  assert.deepEqual(explained.toSorted(), [...new Set([...made, 'timeseries', 'view'])].toSorted())
})
