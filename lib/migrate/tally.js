'use strict'

/** What has become of the rows. */
class Tally {
  moved = 0
  alreadyMoved = 0
  left = []

  leave ({ _id, sid }, reason) {
    this.left.push({ _id, sid, reason })
  }

  get done () {
    return this.moved + this.alreadyMoved + this.left.length
  }

  report () {
    const { moved, alreadyMoved, left } = this
    return { moved, alreadyMoved, left }
  }
}

module.exports = { Tally }
