'use strict'

const { clone } = require('./documents')
const { timeoutError } = require('./errors')
const { sizeOf } = require('./rows')
const { Slots } = require('./slots')

// Asks the addon's scheduler what to send next, sends it, and hands the replies back. The scheduler decides
// when a command leaves and with whose operations; ids, values and promises stay here. What crosses are
// numbers, in two arrays: once a turn it is told what has happened, and says what to do.

/** Numbers in each array. A command takes about 520 at most. A full inbox is absorbed. */
const INBOX_LENGTH = 8192
const OUTBOX_LENGTH = 8192

/** Numbers in the longest message of the inbox. */
const MAX_MESSAGE = 8

/** Where messages begin in the outbox: behind their length, whether more follow, and when to ask again. */
const HEADER = 3

/** Apps fake their clocks and queues in tests, and these are not of their time. */
const { setTimeout, queueMicrotask } = globalThis

/** The longest time that a timer has. Milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1

class Scheduler {
  #core
  #codes
  /** How many operands a message has, by its code. */
  #operands = []
  #inbox = new Float64Array(INBOX_LENGTH)
  #outbox = new Float64Array(OUTBOX_LENGTH)
  #commands = null
  /** Calls that wait for a connection. */
  #calls = []
  #slots
  #timeoutMS
  #selectionError
  #onStarved
  /** Rows and errors that messages name by their index, until the turn that hears of them has ended. */
  #rows = []
  #errors = []
  #isScheduled = false
  #isTurning = false
  #timer = null
  #wakesAt = Infinity

  /**
   * `binding`: the addon. `selectionError(timeoutMS, fate)`: the error of an operation for which no server
   * was there, or null. `onStarved` is told of operations that arrive while there is no connection.
   */
  constructor (binding, { groupsDestroys = true, timeoutMS, maxQueue, selectionError, onStarved }) {
    this.#codes = binding.schedulerCodes
    const { fromJavaScript, operands } = this.#codes
    for (const [name, code] of Object.entries(fromJavaScript)) this.#operands[code] = operands[name]
    this.#core = binding.openScheduler(this.#inbox, this.#outbox, groupsDestroys, timeoutMS)
    this.#slots = new Slots(maxQueue)
    this.#timeoutMS = timeoutMS
    this.#selectionError = selectionError
    this.#onStarved = onStarved
  }

  /** From now on there is a connection. `facts`: what its client allows. */
  connect (commands, { lookups, statements, pool, groupsDestroys, isolatesFinds, writesWait, timeoutMS }) {
    this.#commands = commands
    this.#timeoutMS = timeoutMS
    this.#core.connect(lookups, statements, pool, groupsDestroys, isolatesFinds, writesWait, timeoutMS)
    for (const slot of this.#calls.splice(0)) this.#startCall(slot)
    this.#schedule()
  }

  get (id, latestExpired) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#say(this.#codes.fromJavaScript.GET, slot.number, slot.key, latestExpired)
    return this.#leave(slot)
  }

  /** `value` may be a promise: the set takes its place now, and fails if the promise does. */
  set (id, value, dates) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    const { fromJavaScript } = this.#codes
    if (typeof value?.then !== 'function') {
      slot.value = value
      const [expires, lastModified] = [dates.expires ?? NaN, dates.lastModified ?? NaN]
      this.#say(fromJavaScript.SET, slot.number, slot.key, sizeOf(value), servesGets(value), expires, lastModified)
      return this.#leave(slot)
    }
    this.#say(fromJavaScript.UNFILLED, slot.number, slot.key, value.bytes ?? 0)
    value.then(
      ready => {
        if (slot.isReleased) return
        slot.value = ready
        const [expires, lastModified] = [dates.expires ?? NaN, dates.lastModified ?? NaN]
        this.#say(fromJavaScript.FILL, slot.number, sizeOf(ready), servesGets(ready), expires, lastModified)
        this.#schedule()
      },
      error => {
        if (slot.isReleased) return
        slot.reject(error)
        this.#say(fromJavaScript.WITHDRAW, slot.number)
        this.#schedule()
      })
    return this.#leave(slot)
  }

  touch (id, dates) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#say(this.#codes.fromJavaScript.TOUCH, slot.number, slot.key, dates.expires ?? NaN, dates.lastModified ?? NaN)
    return this.#leave(slot)
  }

  destroy (id) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#say(this.#codes.fromJavaScript.DESTROY, slot.number, slot.key)
    return this.#leave(slot)
  }

  /** `clear`, `count` or the first page of a scan: it waits for what was called before it. */
  barrier (kind, run) {
    const slot = this.#slots.enter(null)
    if (slot.refused) return slot.promise
    slot.run = run
    this.#say(this.#codes.fromJavaScript.BARRIER, slot.number, this.#codes.barrier[kind])
    return this.#leave(slot)
  }

  /** `ping`, `sweep` or a later page of a scan: it waits for nothing but a connection. */
  call (kind, run) {
    const slot = this.#slots.enter(null)
    if (slot.refused) return slot.promise
    slot.run = run
    this.#say(this.#codes.fromJavaScript.CALL, slot.number, this.#codes.call[kind])
    if (this.#commands === null) this.#calls.push(slot)
    else this.#startCall(slot)
    return this.#leave(slot)
  }

  /** Everyone who waits is told that there is no connection. */
  failWaiting (error) {
    this.#say(this.#codes.fromJavaScript.FAIL_WAITING, this.#keep(error))
    for (const slot of this.#calls.splice(0)) {
      slot.reject(error)
      this.#say(this.#codes.fromJavaScript.CALL_END, slot.number, 1)
    }
    this.#schedule()
  }

  refuse (error) {
    this.#slots.refuse(error)
  }

  /** Resolves when every operation has its outcome, and unanswered writes are settled or `limitMS` over. */
  async idle (limitMS) {
    await this.#slots.settled()
    await this.#slots.released(limitMS)
  }

  stats (connected) {
    return JSON.parse(this.#core.stats(connected))
  }

  #leave (slot) {
    this.#schedule()
    return slot.promise
  }

  /** At the end of the current turn: what is called in one go leaves in one command. */
  #schedule () {
    if (this.#isScheduled || this.#isTurning) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#turn()
    })
  }

  /** Never nested: while commands are sent, the app's monitoring may call the store. */
  #turn () {
    if (this.#commands === null && this.#slots.open > 0) this.#onStarved()
    this.#isTurning = true
    let wakeMS
    do {
      this.#core.turn()
      this.#inbox[0] = 0
      const end = HEADER + this.#outbox[0]
      const more = this.#outbox[1]
      const millis = this.#outbox[2]
      for (let at = HEADER; at < end; at += this.#outbox[at] + 2) this.#hear(at + 1)
      wakeMS = more === 1 || this.#inbox[0] > 0 ? 0 : millis
    } while (wakeMS === 0)
    this.#isTurning = false
    this.#rows.length = 0
    this.#errors.length = 0
    this.#wake(wakeMS)
  }

  /** Carries out the message at an index of the outbox. */
  #hear (at) {
    const outbox = this.#outbox
    const { toJavaScript } = this.#codes
    const slot = this.#slots.at(outbox[at + 1])
    switch (outbox[at]) {
      case toJavaScript.ROW: return slot.resolve(this.#row(outbox[at + 2], outbox[at + 3], outbox[at + 4]))
      case toJavaScript.ROW_OF_SET: {
        const { value } = this.#slots.at(outbox[at + 2])
        return slot.resolve({ value, expires: finite(outbox[at + 3]), lastModified: finite(outbox[at + 4]) })
      }
      case toJavaScript.NO_ROW: return slot.resolve(null)
      case toJavaScript.CREATED: return slot.resolve('created')
      case toJavaScript.UPDATED: return slot.resolve('updated')
      case toJavaScript.MATCHED: return slot.resolve(outbox[at + 2] === 1)
      case toJavaScript.FAILED: return slot.reject(this.#errors[outbox[at + 2]])
      case toJavaScript.TIMED_OUT: return slot.reject(this.#timeoutError(outbox[at + 2]))
      case toJavaScript.RELEASED: return this.#slots.release(outbox[at + 1])
      case toJavaScript.FIND: return void this.#find(outbox[at + 1], this.#ids(at))
      case toJavaScript.FIND_EXISTING: return void this.#findExisting(outbox[at + 1], this.#ids(at))
      case toJavaScript.WRITE: return void this.#write(outbox[at + 1], this.#statements(at))
      case toJavaScript.RUN_BARRIER: return this.#runBarrier(outbox[at + 1], this.#slots.at(outbox[at + 2]))
    }
  }

  /** The ids of a find, whose keys follow the command's number. */
  #ids (at) {
    const ids = []
    for (let next = at + 2; next < at + 1 + this.#outbox[at - 1]; next++) ids.push(this.#slots.idOf(this.#outbox[next]))
    return ids
  }

  #statements (at) {
    const outbox = this.#outbox
    const destroys = outbox[at + 2] === 1
    const statements = []
    for (let next = at + 3; next < at + 1 + outbox[at - 1]; next += 4) {
      const slot = outbox[next + 1]
      statements.push({
        id: this.#slots.idOf(outbox[next]),
        destroys,
        value: slot < 0 ? undefined : this.#slots.at(slot).value,
        dates: { expires: known(outbox[next + 2]), lastModified: known(outbox[next + 3]) }
      })
    }
    return statements
  }

  async #find (command, ids) {
    const { fromJavaScript, expiry, findEnd } = this.#codes
    const { rows, end, error } = await this.#commands.find(ids)
    for (const [index, { value, expires, lastModified }] of rows) {
      const kind = expires === undefined ? expiry.ABSENT : expires === null ? expiry.NOT_A_DATE : expiry.AT
      const row = this.#rows.push({ value, isGiven: false }) - 1
      this.#say(fromJavaScript.FOUND, command, index, row, sizeOf(value), kind, expires ?? NaN, lastModified ?? NaN)
    }
    this.#say(fromJavaScript.FIND_END, command, findEnd[end], error ? this.#keep(error) : -1)
    this.#schedule()
  }

  async #findExisting (command, ids) {
    const { fromJavaScript } = this.#codes
    const existing = await this.#commands.findExisting(ids)
    existing?.forEach((exists, index) => exists && this.#say(fromJavaScript.EXISTS, command, index))
    this.#say(fromJavaScript.EXISTING_END, command, existing === null ? 0 : 1)
    this.#schedule()
  }

  async #write (command, statements) {
    const { fromJavaScript, writeFate } = this.#codes
    const { reply, error, fate } = await this.#commands.write(statements)
    if (reply) {
      for (const index of reply.upserted) this.#say(fromJavaScript.UPSERTED, command, index)
      for (const { index, error } of reply.errors) {
        this.#say(fromJavaScript.STATEMENT_FAILED, command, index, this.#keep(error))
      }
      const concernError = reply.concernError ? this.#keep(reply.concernError) : -1
      this.#say(fromJavaScript.WRITTEN, command, reply.n ?? NaN, concernError)
    } else if (fate === 'REJECTED') {
      this.#say(fromJavaScript.WRITE_REJECTED, command, this.#keep(error))
    } else {
      this.#say(fromJavaScript.WRITE_FAILED, command, this.#keep(error), writeFate[fate])
    }
    this.#schedule()
  }

  #startCall (slot) {
    const { fromJavaScript } = this.#codes
    this.#say(fromJavaScript.CALL_SENT, slot.number)
    this.#run(slot, slot.run, failed => this.#say(fromJavaScript.CALL_END, slot.number, failed))
  }

  #runBarrier (command, slot) {
    const { fromJavaScript } = this.#codes
    this.#run(slot, slot.run, failed => this.#say(fromJavaScript.BARRIER_END, command, slot.number, failed))
  }

  /** Its outcome is known here first: the scheduler hears only that it has ended. */
  async #run (slot, run, ended) {
    let failed = 0
    try {
      slot.resolve(await run())
    } catch (error) {
      failed = 1
      slot.reject(error)
    }
    ended(failed)
    this.#schedule()
  }

  /** Gets that share a row must not share its document. */
  #row (index, expires, lastModified) {
    const row = this.#rows[index]
    const value = row.isGiven ? clone(row.value) : row.value
    row.isGiven = true
    return { value, expires: finite(expires), lastModified: finite(lastModified) }
  }

  #timeoutError (code) {
    const [fate] = Object.entries(this.#codes.timeout).find(([, known]) => known === code)
    return this.#selectionError(this.#timeoutMS, fate) ?? timeoutError(this.#timeoutMS, fate)
  }

  #keep (error) {
    return this.#errors.push(error) - 1
  }

  /** Writes a message: its code, and as many operands as that has. Cheaper than a list of them. */
  #say (code, a, b, c, d, e, f, g) {
    const inbox = this.#inbox
    let at = inbox[0] + 1
    if (at + MAX_MESSAGE > INBOX_LENGTH) {
      this.#core.absorb()
      at = 1
    }
    inbox[at] = code
    inbox[at + 1] = a
    inbox[at + 2] = b
    inbox[at + 3] = c
    inbox[at + 4] = d
    inbox[at + 5] = e
    inbox[at + 6] = f
    inbox[at + 7] = g
    inbox[0] = at + this.#operands[code]
  }

  /** Asks again when something is due by time alone. An idle scheduler keeps no process alive. */
  #wake (millis) {
    const now = performance.now()
    const at = now + millis
    if (this.#timer !== null && this.#wakesAt > at) clearTimeout(this.#timer)
    if (Number.isFinite(millis) && (this.#timer === null || this.#wakesAt > at)) {
      this.#wakesAt = at
      this.#timer = setTimeout(() => {
        this.#timer = null
        this.#wakesAt = Infinity
        this.#turn()
      }, Math.min(MAX_TIMER_MS, Math.ceil(millis)))
    }
    if (this.#slots.open > 0) this.#timer?.ref()
    else this.#timer?.unref()
  }
}

/** A date of a statement. NaN crosses for one that is not named, Infinity for one that never comes. */
function known (number) {
  return Number.isNaN(number) ? null : number
}

/** A date of a row. */
function finite (number) {
  return Number.isFinite(number) ? number : null
}

/** A document is read again: what comes back of it only the driver's BSON knows. */
function servesGets (value) {
  return typeof value === 'string' || value === null ? 1 : 0
}

module.exports = { Scheduler }
