'use strict'

const { clearTimeout, isPromise, now, queueMicrotask, setTimeout, unawaited } = require('../../support/realm')
const { Dispatch } = require('./dispatch')
const { timeoutError } = require('./errors')
const { Messages } = require('./messages')
const { sizeOf } = require('./rows')
const { Slots } = require('./slots')

// Asks the addon's scheduler what to send next, sends it, and hands the replies back. The scheduler decides
// when a command leaves and with whose operations; ids, values and promises stay here. What crosses are
// numbers, in two arrays: once a turn it is told what has happened, and says what to do.

/** Numbers in the array. A command takes about 520 at most. */
const OUTBOX_LENGTH = 8192

/** Where messages begin in the outbox: behind their length, whether more follow, and when to ask again. */
const HEADER = 3

/** The longest time that a timer has. Milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What a filter counts in a command, more or less. */
const FILTER_BYTES = 64

/** Of a statement that stores nothing. */
const NO_SET = { value: undefined, condition: null, fields: undefined, filter: undefined }

class Scheduler {
  #core
  #codes
  #messages
  #outbox = new Float64Array(OUTBOX_LENGTH)
  #dispatch
  /** Calls that wait for a connection. */
  #calls = []
  #slots
  #timeoutMS
  #selectionError
  #setsServeGets
  #onStarved
  #isScheduled = false
  #isTurning = false
  #timer = null
  #wakesAt = Infinity

  /**
   * `binding`: the addon. `selectionError(timeoutMS, fate)`: the error of an operation for which no server
   * was there, or null. `setsServeGets`: whether a get behind a set can be given what that stores.
   * `onStarved` is told of operations that arrive while there is no connection.
   */
  constructor (binding, options) {
    const { groupsDestroys = true, setsServeGets = true, timeoutMS, maxQueue, selectionError, onStarved } = options
    this.#codes = binding.schedulerCodes
    this.#messages = new Messages(this.#codes, () => this.#core.absorb())
    this.#dispatch = new Dispatch(this.#codes, this.#messages, () => this.#schedule())
    this.#core = binding.openScheduler(this.#messages.numbers, this.#outbox, groupsDestroys, timeoutMS)
    this.#slots = new Slots(maxQueue)
    this.#timeoutMS = timeoutMS
    this.#selectionError = selectionError
    this.#setsServeGets = setsServeGets
    this.#onStarved = onStarved
  }

  /** From now on there is a connection. `facts`: what its client allows. */
  connect (commands, { lookups, statements, pool, groupsDestroys, isolatesFinds, writesWait, timeoutMS }) {
    this.#dispatch.connect(commands)
    this.#timeoutMS = timeoutMS
    this.#core.connect(lookups, statements, pool, groupsDestroys, isolatesFinds, writesWait, timeoutMS)
    for (const slot of this.#calls.splice(0)) if (!slot.isReleased) this.#startCall(slot)
    this.#schedule()
  }

  get (id, latestExpired) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#messages.say(this.#codes.fromJavaScript.GET, slot.number, slot.key, latestExpired)
    return this.#leave(slot)
  }

  /** `value` may be a promise: the set takes its place now, and fails if the promise does. */
  set (id, value, dates) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return refused(slot, value)
    const { fromJavaScript } = this.#codes
    if (!isPromise(value)) {
      slot.value = value
      slot.fields = dates.fields
      this.#messages.say(fromJavaScript.SET, slot.number, slot.key, sizeOf(value), this.#servesGets(value),
        dates.expires ?? NaN, dates.lastModified ?? NaN)
      return this.#leave(slot)
    }
    this.#messages.say(fromJavaScript.UNFILLED, slot.number, slot.key, value.bytes ?? 0)
    this.#fillLater(slot, value.then(value => ({ value, dates })))
    return this.#leave(slot)
  }

  /**
   * A conditional set. `attempt`: `{ value, dates, expected, now }`, or the promise of it. `conflict(row)`
   * resolves to another attempt, or to null, which fails the set.
   */
  setIf (id, attempt, bytes, conflict) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return refused(slot, attempt)
    slot.conflict = conflict
    this.#messages.say(this.#codes.fromJavaScript.UNFILLED, slot.number, slot.key, bytes)
    if (isPromise(attempt)) this.#fillLater(slot, attempt)
    else this.#fill(slot, attempt)
    return this.#leave(slot)
  }

  touch (id, dates) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#messages.say(this.#codes.fromJavaScript.TOUCH, slot.number, slot.key,
      dates.expires ?? NaN, dates.lastModified ?? NaN)
    return this.#leave(slot)
  }

  destroy (id) {
    const slot = this.#slots.enter(id)
    if (slot.refused) return slot.promise
    this.#messages.say(this.#codes.fromJavaScript.DESTROY, slot.number, slot.key)
    return this.#leave(slot)
  }

  /** `clear`, `count` or the first page of a scan: it waits for what was called before it. */
  barrier (kind, run) {
    const slot = this.#slots.enter(null)
    if (slot.refused) return slot.promise
    slot.run = run
    this.#messages.say(this.#codes.fromJavaScript.BARRIER, slot.number, this.#codes.barrier[kind])
    return this.#leave(slot)
  }

  /**
   * `find` resolves to `{ ids, filter }`. Whichever of these still have the filter's fields are destroyed,
   * before anything that was called since.
   */
  destroyWhere (find) {
    const slot = this.#slots.enter(null)
    if (slot.refused) return slot.promise
    slot.find = find
    this.#messages.say(this.#codes.fromJavaScript.BARRIER, slot.number, this.#codes.barrier.FIND_TO_DESTROY)
    return this.#leave(slot)
  }

  /** `ping`, `sweep` or a later page of a scan: it waits for nothing but a connection. */
  call (kind, run) {
    const slot = this.#slots.enter(null)
    if (slot.refused) return slot.promise
    slot.run = run
    this.#messages.say(this.#codes.fromJavaScript.CALL, slot.number, this.#codes.call[kind])
    if (!this.#dispatch.isConnected) this.#calls.push(slot)
    else this.#startCall(slot)
    return this.#leave(slot)
  }

  /** Everyone who waits is told that there is no connection. */
  failWaiting (error) {
    this.#messages.say(this.#codes.fromJavaScript.FAIL_WAITING, this.#messages.keepError(error))
    for (const slot of this.#calls.splice(0)) {
      if (slot.isReleased) continue // its time was over before
      slot.reject(error)
      this.#messages.say(this.#codes.fromJavaScript.CALL_END, slot.number, 1)
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

  #fillLater (slot, attempt) {
    attempt.then(attempt => {
      if (slot.isReleased) return
      if (attempt === null) throw new Error('the set was withdrawn')
      this.#fill(slot, attempt)
      this.#schedule()
    }).catch(error => {
      if (slot.isReleased) return
      slot.reject(error)
      this.#messages.say(this.#codes.fromJavaScript.WITHDRAW, slot.number)
      this.#schedule()
    })
  }

  #fill (slot, { value, dates, expected, now }) {
    const { fromJavaScript, expects } = this.#codes
    slot.value = value
    slot.fields = dates.fields
    slot.condition = expected === undefined ? null : { expected, now }
    const code = expected === undefined ? expects.ANYTHING : expected === false ? expects.NO_ROW : expects.ROW
    this.#messages.say(fromJavaScript.FILL, slot.number, sizeOf(value), this.#servesGets(value),
      dates.expires ?? NaN, dates.lastModified ?? NaN, code, sizeOf(expected))
  }

  /** A document is read again: what comes back of it only the driver's BSON knows. */
  #servesGets (value) {
    return this.#setsServeGets && (typeof value === 'string' || value === null) ? 1 : 0
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
    if (!this.#dispatch.isConnected && this.#slots.open > 0) this.#onStarved()
    this.#isTurning = true
    let wakeMS
    do {
      this.#core.turn()
      this.#messages.clear()
      const end = HEADER + this.#outbox[0]
      const more = this.#outbox[1]
      const millis = this.#outbox[2]
      for (let at = HEADER; at < end; at += this.#outbox[at] + 2) this.#hear(at + 1)
      wakeMS = more === 1 || !this.#messages.isEmpty ? 0 : millis
    } while (wakeMS === 0)
    this.#isTurning = false
    this.#messages.forgetRows()
    this.#wake(wakeMS)
  }

  /** Carries out the message at an index of the outbox. */
  #hear (at) {
    const outbox = this.#outbox
    const { toJavaScript } = this.#codes
    const slot = this.#slots.at(outbox[at + 1])
    switch (outbox[at]) {
      case toJavaScript.ROW: return slot.resolve(row(this.#messages.valueOf(outbox[at + 2]), outbox, at + 3))
      case toJavaScript.ROW_OF_SET: {
        const { value } = this.#slots.at(outbox[at + 2])
        return slot.resolve(row(value, outbox, at + 3))
      }
      case toJavaScript.NO_ROW: return slot.resolve(null)
      case toJavaScript.CREATED: return slot.resolve('created')
      case toJavaScript.UPDATED: return slot.resolve('updated')
      case toJavaScript.COUNTED: return slot.resolve(outbox[at + 2])
      case toJavaScript.MATCHED: return slot.resolve(outbox[at + 2] === 1)
      case toJavaScript.FAILED: return slot.reject(this.#messages.error(outbox[at + 2]))
      case toJavaScript.TIMED_OUT: return slot.reject(this.#timeoutError(outbox[at + 2]))
      case toJavaScript.RELEASED: return this.#slots.release(outbox[at + 1])
      case toJavaScript.RELEASED_ERROR: return this.#messages.releaseError(outbox[at + 1])
      case toJavaScript.CONFLICT: {
        const row = outbox[at + 2] < 0 ? null : this.#messages.row(outbox[at + 2])
        return this.#fillLater(slot, slot.conflict(row))
      }
      case toJavaScript.FIND: return void this.#dispatch.find(outbox[at + 1], this.#ids(at), outbox[at + 2])
      case toJavaScript.FIND_EXISTING: return void this.#dispatch.findExisting(outbox[at + 1], this.#ids(at))
      case toJavaScript.FIND_CURRENT: return void this.#dispatch.findCurrent(outbox[at + 1], this.#ids(at))
      case toJavaScript.WRITE: {
        return void this.#dispatch.write(outbox[at + 1], this.#statements(at), outbox[at + 2])
      }
      case toJavaScript.RUN_BARRIER: return this.#runBarrier(outbox[at + 1], this.#slots.at(outbox[at + 2]))
    }
  }

  /** The ids of a find, whose keys follow the command's number and how many operations it carries. */
  #ids (at) {
    const ids = []
    for (let next = at + 3; next < at + 1 + this.#outbox[at - 1]; next++) ids.push(this.#slots.idOf(this.#outbox[next]))
    return ids
  }

  #statements (at) {
    const outbox = this.#outbox
    const destroys = outbox[at + 3] === 1
    const statements = []
    for (let next = at + 4; next < at + 1 + outbox[at - 1]; next += 4) {
      const set = outbox[next + 1] < 0 ? NO_SET : this.#slots.at(outbox[next + 1])
      statements.push({
        id: this.#slots.idOf(outbox[next]),
        destroys,
        value: set.value,
        condition: set.condition,
        fields: set.fields,
        filter: set.filter,
        dates: { expires: known(outbox[next + 2]), lastModified: known(outbox[next + 3]) }
      })
    }
    return statements
  }

  #startCall (slot) {
    const { fromJavaScript } = this.#codes
    this.#messages.say(fromJavaScript.CALL_SENT, slot.number)
    this.#run(slot, slot.run, failed => this.#messages.say(fromJavaScript.CALL_END, slot.number, failed))
  }

  #runBarrier (command, slot) {
    const { fromJavaScript } = this.#codes
    if (slot.find !== null) return void this.#findToDestroy(command, slot)
    this.#run(slot, slot.run, failed => this.#messages.say(fromJavaScript.BARRIER_END, command, slot.number, failed))
  }

  async #findToDestroy (command, slot) {
    const { fromJavaScript } = this.#codes
    try {
      const { ids, filter } = await slot.find()
      slot.filter = filter
      for (const id of ids) this.#messages.say(fromJavaScript.TO_DESTROY, command, this.#slots.keyFor(slot, id))
      this.#messages.say(fromJavaScript.TO_DESTROY_END, command, slot.number, FILTER_BYTES)
    } catch (error) {
      slot.reject(error)
      this.#messages.say(fromJavaScript.BARRIER_END, command, slot.number, 1)
    }
    this.#schedule()
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

  #timeoutError (code) {
    const [fate] = Object.entries(this.#codes.timeout).find(([, known]) => known === code)
    return this.#selectionError(this.#timeoutMS, fate) ?? timeoutError(this.#timeoutMS, fate)
  }

  /** Asks again when something is due by time alone. An idle scheduler keeps no process alive. */
  #wake (millis) {
    const at = now() + millis
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

/** A row whose dates stand in the outbox. */
function row (value, outbox, at) {
  return { value, expires: finite(outbox[at]), lastModified: finite(outbox[at + 1]) }
}

function finite (number) {
  return Number.isFinite(number) ? number : null
}

/** Nobody waits for the value of what is refused, which may fail by itself. */
function refused ({ promise }, value) {
  unawaited(value)
  return promise
}

module.exports = { Scheduler }
