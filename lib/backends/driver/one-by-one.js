'use strict'

const { atMost } = require('../../support/bounded')
const { makeError } = require('../../support/errors')
const { clearTimeout, Promise, setTimeout } = require('../../support/realm')
const { timeoutError } = require('./errors')
const { liveRow, NO_DATES } = require('./rows')

// What takes the scheduler's place where the addon cannot be loaded: one operation a command, in order per
// id, behind a chain of promises for each.

class OneByOne {
  #commands
  #connect
  #timeoutMS
  #maxQueue
  #selectionError
  #onStarved
  #refusal = null
  /** What fails each operation that is not sent yet. */
  #waiting = new Set()
  /** The last operation on each id, and the last `clear`, none of which ever rejects. */
  #last = new Map()
  #clear = Promise.resolve()
  #open = new Set()

  constructor ({ timeoutMS, maxQueue, selectionError, onStarved }) {
    this.#commands = new Promise(resolve => { this.#connect = resolve })
    this.#timeoutMS = timeoutMS
    this.#maxQueue = maxQueue
    this.#selectionError = selectionError
    this.#onStarved = onStarved
  }

  connect (commands, { timeoutMS }) {
    this.#timeoutMS = timeoutMS
    this.#connect(commands)
    this.#commands = Promise.resolve(commands)
  }

  get (id, latestExpired) {
    return this.#enter('get', id, async commands => {
      const { rows, error } = await commands.find([id])
      if (error) throw error
      return rows.length === 0 ? null : liveRow(rows[0][1], NO_DATES, latestExpired)
    })
  }

  set (id, value, dates) {
    value = Promise.resolve(value)
    value.catch(() => {}) // the set fails by it when its turn comes
    return this.#enter('set', id, async commands => {
      const statement = { id, destroys: false, value: await value, dates, fields: dates.fields }
      const { upserted } = await written(commands, statement)
      return upserted.length > 0 ? 'created' : 'updated'
    })
  }

  /** As the scheduler's. */
  setIf (id, attempt, bytes, conflict) {
    attempt = Promise.resolve(attempt)
    attempt.catch(() => {})
    return this.#enter('set', id, async commands => {
      for (let next = await attempt; next !== null;) {
        const { value, dates, expected, now } = next
        const condition = { expected, now }
        const statement = { id, destroys: false, value, dates, fields: dates.fields, condition }
        const { upserted, missed } = await written(commands, statement)
        const isStored = expected === false ? upserted.length > 0 : missed.length === 0
        if (isStored) return expected === false ? 'created' : 'updated'
        const { rows, error } = await commands.findCurrent([id])
        if (error) throw error
        next = await conflict(rows[0]?.[1] ?? null)
      }
      throw new Error('the set was withdrawn')
    })
  }

  touch (id, dates) {
    return this.#enter('touch', id, async commands => {
      const { n } = await written(commands, { id, destroys: false, value: undefined, dates })
      return n !== 0
    })
  }

  destroy (id) {
    return this.#enter('destroy', id, async commands => {
      const { n } = await written(commands, { id, destroys: true, value: undefined, dates: NO_DATES })
      return n !== 0
    })
  }

  /** It waits for what was called before it; what is called after a `clear` waits for that. */
  barrier (kind, run) {
    const before = Promise.all([this.#clear, ...this.#last.values()])
    const { outcome, ended } = this.#start(kind.toLowerCase(), before, run)
    if (kind === 'CLEAR' && ended) this.#clear = ended
    return outcome
  }

  /** As the scheduler's, but that everything called since waits until all of them are destroyed. */
  destroyWhere (find) {
    const before = Promise.all([this.#clear, ...this.#last.values()])
    const { outcome, ended } = this.#start('destroyWhere', before, async commands => {
      const { ids, filter } = await find()
      let removed = 0
      for (const id of ids) {
        const { n } = await written(commands, { id, destroys: true, value: undefined, dates: NO_DATES, filter })
        removed += n ?? 1
      }
      return removed
    })
    if (ended) this.#clear = ended
    return outcome
  }

  call (kind, run) {
    return this.#start(kind.toLowerCase(), undefined, run).outcome
  }

  failWaiting (error) {
    for (const fail of [...this.#waiting]) fail(error)
  }

  refuse (error) {
    this.#refusal = error
  }

  /** Resolves when every operation has its outcome, and unanswered writes have ended or `limitMS` is over. */
  async idle (limitMS) {
    while (this.#open.size > 0) await Promise.allSettled(this.#open)
    await atMost(limitMS, Promise.all(this.#last.values()))
  }

  stats (connected) {
    return { connected, queued: this.#waiting.size, inFlight: this.#open.size - this.#waiting.size }
  }

  #enter (kind, id, run) {
    const before = Promise.all([this.#clear, this.#last.get(id.key)])
    const { outcome, ended } = this.#start(kind, before, run)
    if (!ended) return outcome
    const last = ended.then(() => {
      if (this.#last.get(id.key) === last) this.#last.delete(id.key)
    })
    this.#last.set(id.key, last)
    return outcome
  }

  /**
   * Runs an operation after `before`, within the operation timeout. `ended` resolves when the driver is done
   * with it, which may be after its deadline: until then nothing may overtake it. What is refused has none.
   */
  #start (kind, before, run) {
    const refusal = this.#refusal ?? this.#full()
    if (refusal !== null) return { outcome: Promise.reject(refusal) }
    this.#onStarved()
    let fate = 'NOT_SENT'
    let ended
    const outcome = new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(this.#timeoutError(fate))), this.#timeoutMS)
      const fail = error => end(() => reject(error))
      const end = settle => {
        clearTimeout(timer)
        this.#waiting.delete(fail)
        this.#open.delete(outcome)
        settle()
      }
      this.#waiting.add(fail)
      const running = Promise.all([this.#commands, before]).then(([commands]) => {
        // It has run out of time, or the connection has failed.
        if (!this.#waiting.delete(fail)) return
        fate = fateAfter(kind)
        return run(commands)
      })
      ended = running.then(value => end(() => resolve(value)), fail)
    })
    this.#open.add(outcome)
    return { outcome, ended }
  }

  #full () {
    if (this.#open.size < this.#maxQueue) return null
    return makeError('MongoQueueFullError',
      `the queue is full: ${this.#maxQueue} operations wait, as many as maxQueue allows`)
  }

  #timeoutError (fate) {
    return this.#selectionError(this.#timeoutMS, fate) ?? timeoutError(this.#timeoutMS, fate)
  }
}

const WRITES = ['set', 'touch', 'destroy', 'destroyWhere', 'discard', 'sweep', 'claim', 'backfill']

/** What is known of an operation that was sent and has run out of time. */
function fateAfter (kind) {
  if (kind === 'clear') return 'STILL_RUNNING'
  return WRITES.includes(kind) ? 'OUTCOME_UNKNOWN' : 'NO_ANSWER'
}

/** The reply of a write of one statement, whose error is the operation's. */
async function written (commands, statement) {
  const { reply, error } = await commands.write([statement])
  const failure = error ?? reply.errors[0]?.error ?? reply.concernError
  if (failure) throw failure
  return reply
}

module.exports = { OneByOne }
