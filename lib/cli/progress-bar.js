'use strict'

const readline = require('readline')

/** Columns of the bar itself. */
const WIDTH = 30

/** On a terminal, a line that is written over and over until `end`; elsewhere nothing. */
class ProgressBar {
  #stream
  #drawn = false

  constructor (stream) {
    this.#stream = stream
  }

  /** Rows may come and go while they are counted. */
  draw ({ done, total }) {
    if (!this.#stream.isTTY) return
    const all = Math.max(done, total)
    const full = all === 0 ? WIDTH : Math.round(done / all * WIDTH)
    const bar = '#'.repeat(full).padEnd(WIDTH)
    readline.cursorTo(this.#stream, 0)
    this.#stream.write(`[${bar}] ${done.toLocaleString('en')} of ${all.toLocaleString('en')}`)
    readline.clearLine(this.#stream, 1)
    this.#drawn = true
  }

  end () {
    if (this.#drawn) this.#stream.write('\n')
  }
}

module.exports = { ProgressBar }
