'use strict'

const { shortId } = require('../session/ids')
const { idText } = require('./format')
const { ProgressBar } = require('./progress-bar')

/**
 * What a command prints: results to stdout; notes, errors and progress to stderr. It holds back passwords and
 * whole ids.
 */
class Output {
  /** Whether results are one JSON document. */
  json = false
  /** Whether ids are printed whole. */
  showsIds = false

  #stdout
  #stderr
  #secret

  constructor ({ stdout, stderr }) {
    this.#stdout = stdout
    this.#stderr = stderr
  }

  /** Connection strings are never printed: errors quote them. */
  hide (url) {
    this.#secret = url
  }

  write (text) {
    this.#stdout.write(text)
  }

  /** A line of the result, unless that is JSON. */
  line (text = '') {
    if (!this.json) this.#stdout.write(`${text}\n`)
  }

  /** The result, if it is to be JSON. */
  document (value) {
    if (this.json) this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  note (text) {
    this.#stderr.write(`${this.discreet(text)}\n`)
  }

  fail (error) {
    this.note(error.name === 'Error' ? error.message : `${error.name}: ${error.message}`)
  }

  progress () {
    return new ProgressBar(this.#stderr)
  }

  /** An id as it is shown: on one line, and not a whole one, unless that was asked for. */
  id (id) {
    const text = idText(id)
    return (this.showsIds ? text : shortId(text)).replace(/[^ -~…]/g, '?')
  }

  discreet (text) {
    const whole = this.#secret ? String(text).split(this.#secret).join('<url>') : String(text)
    return whole.replace(/\/\/[^@/\s]*@/g, '//…@')
  }
}

module.exports = { Output }
