'use strict'

const { Document } = require('./documents')
const { liveRow } = require('./rows')

// What waits for one id, and how it becomes lookups, statements and answers. Pure: no clock, no driver.
//
// Operations that have been settled meanwhile are purged before anything else is asked of the line.
//
// An operation is { seq, kind, ticket, … }: a get has `latestExpired`; a set has `value` and `dates`, and is
// `pending` while its value is being prepared; a touch has `dates`.

const NO_DATES = { expires: null, lastModified: null }

class Line {
  #waiting = []
  /** The first get of the find under way. */
  #reading = null
  /** The statement under way. */
  #writing = null

  constructor (id) {
    this.id = id
  }

  push (op) {
    this.#waiting.push(op)
  }

  isIdle () {
    return this.#waiting.length === 0 && this.#reading === null && this.#writing === null
  }

  /** The first get that may be sent. Only touches can be passed by. */
  nextRead () {
    if (this.#reading !== null || (this.#writing !== null && !isTouch(this.#writing))) return undefined
    for (const op of this.#waiting) {
      if (op.kind === 'get') return op
      if (op.kind !== 'touch') return undefined
    }
  }

  /** The write that may be sent. */
  nextWrite () {
    const head = this.#waiting[0]
    if (head === undefined || head.kind === 'get' || head.pending || this.#writing !== null) return undefined
    return this.#mayWriteBesideReading(head) ? head : undefined
  }

  /** The gets of one lookup, each with the dates of the touches that were called before it. */
  beginRead () {
    const gets = this.#takeGets(this.#writing?.dates ?? NO_DATES)
    this.#reading = gets[0]?.op ?? null
    return { id: this.id, gets }
  }

  /** `orphans`: gets that must ask again. */
  endRead (orphans = []) {
    this.#reading = null
    this.#putBack(orphans)
  }

  /** The statement of the write that may be sent. */
  beginWrite () {
    this.#writing = this.nextWrite().kind === 'destroy' ? this.#takeDestroy() : this.#foldUpdate()
    return this.#writing
  }

  /** Returns the gets that waited behind the write and are answered by it, now that it is acknowledged. */
  endWrite (acknowledged, orphans) {
    const statement = this.#writing
    this.#writing = null
    this.#putBack(orphans)
    if (!acknowledged || !isAnswer(statement)) return []
    return this.#takeGets(NO_DATES)
      .map(({ op, overlay }) => ({ op, row: rowAfter(statement, overlay, op.latestExpired) }))
  }

  /** Forgets what has been settled meanwhile, by deadlines or failed preparations. Returns it. */
  purge () {
    const settled = this.#waiting.filter(op => op.ticket.settled)
    if (settled.length > 0) this.#waiting = this.#waiting.filter(op => !op.ticket.settled)
    return settled
  }

  all () {
    return this.#waiting
  }

  /** A write waits for the gets before it; a touch that was called before the gets under way need not. */
  #mayWriteBesideReading (op) {
    return this.#reading === null || (op.kind === 'touch' && op.seq < this.#reading.seq)
  }

  #takeGets (overlay) {
    const gets = []
    const rest = []
    let passable = true
    for (const op of this.#waiting) {
      if (passable && op.kind === 'get') {
        gets.push({ op, overlay })
        continue
      }
      rest.push(op)
      if (op.kind === 'touch') overlay = overlaid(overlay, op.dates)
      else passable = false
    }
    this.#waiting = rest
    return gets
  }

  /**
   * Consecutive sets and touches become their last state; gets between them are answered on the way, up to
   * the first that must query.
   */
  #foldUpdate () {
    const statement = { id: this.id, destroys: false, value: undefined, dates: NO_DATES, members: [] }
    let taken = 0
    for (const op of this.#waiting) {
      if (op.kind === 'get' ? !isAnswer(statement) : !this.#folds(op)) break
      taken++
      const member = { op, row: null }
      if (op.kind === 'set') statement.value = op.value
      if (op.kind === 'get') member.row = rowAfter(statement, NO_DATES, op.latestExpired)
      else statement.dates = overlaid(statement.dates, op.dates)
      statement.members.push(member)
    }
    this.#waiting.splice(0, taken)
    return statement
  }

  #folds (op) {
    return op.kind !== 'destroy' && !op.pending && this.#mayWriteBesideReading(op)
  }

  #takeDestroy () {
    let taken = 1
    while (this.#waiting[taken]?.kind === 'get') taken++
    const members = this.#waiting.splice(0, taken).map(op => ({ op, row: null }))
    return { id: this.id, destroys: true, value: undefined, dates: NO_DATES, members }
  }

  #putBack (ops) {
    if (ops.length === 0) return
    this.#waiting.push(...ops)
    this.#waiting.sort((a, b) => a.seq - b.seq)
  }
}

/** Whether a statement only touches: it tells nothing of the row, and no get has to wait for it. */
function isTouch (statement) {
  return !statement.destroys && statement.value === undefined
}

/**
 * Whether gets behind a statement can be answered from it. A document is read again: what comes back of it
 * only the driver's bson knows.
 */
function isAnswer (statement) {
  return !isTouch(statement) && !(statement.value instanceof Document)
}

/** The row as an acknowledged statement leaves it, and the touches behind it will. */
function rowAfter ({ destroys, value, dates }, overlay, latestExpired) {
  return destroys ? null : liveRow({ value, ...dates }, overlay, latestExpired)
}

function overlaid (below, above) {
  return {
    expires: above.expires ?? below.expires,
    lastModified: above.lastModified ?? below.lastModified
  }
}

module.exports = { isTouch, Line, NO_DATES }
