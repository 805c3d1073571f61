'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./run')

/** What trials and their outcomes are made of. */
const SOURCES = ['lib', path.join('__test__', 'faults'), path.join('__test__', 'helpers')]

/** The trials of a run that may be stopped: a file of a line each, for these sources and options. */
class Progress {
  #file
  #results = new Map()

  constructor ({ ledgers, anew, clients, times, seed, rounds }) {
    const hash = createHash('sha256').update(JSON.stringify({ clients, times, seed, rounds }))
    hash.update(fs.readFileSync(process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH))
    for (const folder of SOURCES) {
      const names = fs.readdirSync(path.join(root, folder), { recursive: true })
      for (const name of names.filter(name => name.endsWith('.js')).sort()) hash.update(fs.readFileSync(path.join(root, folder, name)))
    }
    this.#file = path.join(ledgers, `progress-${hash.digest('hex').slice(0, 12)}.jsonl`)
    if (anew || !fs.existsSync(this.#file)) return fs.rmSync(this.#file, { force: true })
    // The last line may be half of one.
    const lines = fs.readFileSync(this.#file, 'utf8').split('\n').slice(0, -1)
    const trials = lines.map(line => JSON.parse(line))
    for (const { input, result } of trials) this.#results.set(JSON.stringify(input), result)
  }

  resultOf (input) {
    return this.#results.get(JSON.stringify(input))
  }

  note (input, result) {
    fs.appendFileSync(this.#file, `${JSON.stringify({ input, result })}\n`)
  }

  end () {
    fs.rmSync(this.#file, { force: true })
  }
}

module.exports = { Progress }
