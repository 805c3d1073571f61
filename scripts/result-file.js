'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { root } = require('./run')

/** What the parts of a long run have found, kept in target/: the next run goes on where one stopped. */
class ResultFile {
  #file
  #kept

  /** `of`: what the results are of. Those of anything else are forgotten, and with `fresh` all. */
  constructor (name, of, { fresh = false } = {}) {
    this.#file = path.join(root, 'target', `${name}.json`)
    const kept = fresh ? undefined : read(this.#file)
    this.#kept = kept?.of === of ? kept : { of, results: {} }
  }

  get (key) {
    return this.#kept.results[key]
  }

  set (key, result) {
    this.#kept.results[key] = result
    fs.mkdirSync(path.dirname(this.#file), { recursive: true })
    // In one step: a run that is killed leaves the file whole.
    const fresh = `${this.#file}.${process.pid}`
    fs.writeFileSync(fresh, JSON.stringify(this.#kept, null, 1))
    fs.renameSync(fresh, this.#file)
  }
}

function read (file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
}

module.exports = { ResultFile }
