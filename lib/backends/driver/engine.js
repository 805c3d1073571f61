'use strict'

const { performance } = require('node:perf_hooks')

const { Barriers } = require('./barriers')
const { clone } = require('./documents')
const { makeError } = require('./errors')
const { Lanes } = require('./lanes')
const { isTouch, Line } = require('./line')
const { liveRow, sizeOf } = require('./rows')
const { Tickets } = require('./tickets')

// Queue → lanes → outcomes: when a command is sent, and with whose operations. Group commit without timers:
// an idle lane sends at the end of the current turn; while commands are under way, arriving operations wait
// and leave together. The rules are those of the core's engine.

/** Ids in one find, statements in one write: the knee of measured throughput. */
const MAX_LOOKUPS = 256
const MAX_STATEMENTS = 128

/** Through mongos each id is looked up on the shards of all of them. */
const MAX_SHARDED = 32

/** Bytes. A command stays under this where it can. */
const SOFT_COMMAND_BYTES = 1 << 20

/** Bytes. A larger value travels alone, so that small ones do not wait for it. */
const LARGE_VALUE_BYTES = 256 << 10

/** Apps fake their clocks in tests, and waiting is not of their time. */
const { setTimeout } = globalThis
const now = performance.now.bind(performance)

class Engine {
  #commands = null
  #groupsDestroys
  #onStarved
  #sharded = false
  #stats
  #tickets
  #barriers = new Barriers()
  #lines = new Map()
  /** Lines with something ready to be sent, in the order in which they became so. */
  #reads = new Set()
  #updates = new Set()
  #deletes = new Set()
  #readLanes = new Lanes(Infinity)
  #writeLanes = new Lanes(Infinity)
  #seq = 0
  #inFlight = 0
  /** Calls on the whole collection that wait for what was called before them. */
  #waiting = []
  /** The clear that holds back what was called after it, and what that is. */
  #clearing = null
  #held = []
  #pumping = false
  #look = null

  /** `onStarved` is told of operations that arrive while there is no connection. */
  constructor ({ groupsDestroys = true, stats, timeoutMS, maxQueue, timeoutError, onStarved }) {
    this.#groupsDestroys = groupsDestroys
    this.#stats = stats
    this.#onStarved = onStarved
    this.#tickets = new Tickets({ stats, timeoutMS, maxQueue, timeoutError, onOverdue: () => this.#purge() })
  }

  /** From now on there is a collection. `pool`: connections that its client may open. */
  start (commands, { pool, sharded }) {
    if (this.#commands === null) {
      this.#readLanes = new Lanes(pool)
      this.#writeLanes = new Lanes(pool)
    }
    this.#commands = commands
    this.#sharded = sharded
    this.#schedule()
  }

  set timeoutMS (timeoutMS) {
    this.#tickets.timeoutMS = timeoutMS
  }

  get queued () {
    return this.#tickets.size - this.#inFlight
  }

  get inFlight () {
    return this.#inFlight
  }

  /** `latestExpired`: the latest `expires` that the get no longer finds. */
  get (id, latestExpired) {
    return this.#enter({ kind: 'get', id, latestExpired }, id.key.length)
  }

  /** `value` may be a promise: the set takes its place now, and fails if the promise does. */
  set (id, value, dates) {
    if (typeof value?.then !== 'function') {
      return this.#enter({ kind: 'set', id, value, dates, pending: false }, id.key.length + sizeOf(value))
    }
    const op = { kind: 'set', id, value: undefined, dates, pending: true }
    const outcome = this.#enter(op, id.key.length)
    value.then(
      ready => {
        op.value = ready
        op.pending = false
        this.#tickets.grow(op.ticket, sizeOf(ready))
        this.#arrived(op)
      },
      error => {
        this.#tickets.fail(op.ticket, error)
        this.#purge()
      })
    return outcome
  }

  touch (id, dates) {
    return this.#enter({ kind: 'touch', id, dates }, id.key.length)
  }

  destroy (id) {
    return this.#enter({ kind: 'destroy', id }, id.key.length)
  }

  /**
   * A call on the whole collection. `waits`: for everything called before it. `clears`: everything called
   * after it waits. `counts`: later calls that wait, wait for this one too.
   */
  whole (kind, run, { waits = false, clears = false, counts = false } = {}) {
    const { ticket, outcome } = this.#tickets.open(kind, 0)
    if (ticket.settled) return outcome
    const call = { run, ticket, clears, counts, place: null, epoch: null, kind }
    if (this.#clearing !== null && waits) this.#held.push(call)
    else this.#place(call, waits)
    this.#schedule()
    return outcome
  }

  /** Everyone who waits is told that there is no connection. */
  failWaiting (error) {
    for (const op of this.#allWaiting()) this.#tickets.fail(op.ticket, error)
    this.#purge()
  }

  /** Resolves when everything accepted has ended. */
  idle () {
    return this.#tickets.idle()
  }

  refuse (error) {
    this.#tickets.refuse(error)
  }

  #allWaiting () {
    return [...[...this.#lines.values()].flatMap(line => line.all()), ...this.#waiting, ...this.#held]
  }

  #enter (op, bytes) {
    const { ticket, outcome } = this.#tickets.open(op.kind, bytes)
    if (ticket.settled) return outcome
    op.ticket = ticket
    op.seq = this.#seq++
    if (this.#clearing !== null) this.#held.push(op)
    else this.#admit(op)
    this.#schedule()
    return outcome
  }

  #admit (op) {
    op.epoch = this.#barriers.enter()
    let line = this.#lines.get(op.id.key)
    if (line === undefined) this.#lines.set(op.id.key, line = new Line(op.id))
    line.push(op)
    this.#refresh(line)
  }

  #place (call, waits) {
    if (waits) {
      call.place = this.#barriers.place()
      if (call.clears || call.counts) call.epoch = this.#barriers.enter()
      if (call.clears) this.#clearing = call
    }
    this.#waiting.push(call)
  }

  #arrived (op) {
    const line = this.#lines.get(op.id.key)
    if (line !== undefined) this.#refresh(line)
    this.#schedule()
  }

  /** Notes anew what a line is ready for. */
  #refresh (line) {
    const write = line.nextWrite()?.kind
    note(this.#reads, line, line.nextRead() !== undefined)
    note(this.#updates, line, write === 'set' || write === 'touch')
    note(this.#deletes, line, write === 'destroy')
    if (line.isIdle()) this.#lines.delete(line.id.key)
  }

  /** At the end of the current turn: what is called in one go leaves in one command. */
  #schedule () {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump () {
    if (this.#clearing === null) this.#release()
    if (this.#commands === null) return this.#tickets.size > 0 && this.#onStarved()
    this.#startWhole()
    this.#startReads()
    this.#startWrites()
    this.#lookAgain()
  }

  /** Operations that a clear has held back, up to the next clear among them. */
  #release () {
    while (this.#held.length > 0 && this.#clearing === null) {
      const next = this.#held.shift()
      if (next.ticket.settled) continue
      if (next.run) this.#place(next, true)
      else this.#admit(next)
    }
  }

  #startWhole () {
    this.#waiting = this.#waiting.filter(call => {
      if (call.ticket.settled) return false
      if (call.place !== null && !this.#barriers.isOpen(call.place)) return true
      this.#runWhole(call)
      return false
    })
  }

  async #runWhole (call) {
    const { ticket } = call
    ticket.sent = true
    ticket.onOverdue = () => this.#endWhole(call)
    this.#stats.command('other', 1)
    try {
      this.#tickets.succeed(ticket, await call.run())
    } catch (error) {
      this.#tickets.fail(ticket, error)
    }
    this.#endWhole(call)
  }

  #endWhole (call) {
    if (call.epoch !== null) this.#barriers.leave(call.epoch)
    call.epoch = null
    if (this.#clearing === call) this.#clearing = null
    this.#schedule()
  }

  #startReads () {
    const limit = this.#sharded ? MAX_SHARDED : MAX_LOOKUPS
    while (this.#reads.size > 0) {
      const [oldest] = this.#reads
      if (!this.#mayStart(this.#readLanes, oldest.nextRead())) return
      const lookups = []
      for (const line of this.#reads) {
        if (lookups.length === limit) break
        lookups.push({ line, ...line.beginRead() })
      }
      for (const { line } of lookups) this.#refresh(line)
      this.#find(lookups)
    }
  }

  async #find (lookups) {
    const ops = lookups.flatMap(({ gets }) => gets.map(({ op }) => op))
    const command = this.#begin(this.#readLanes, ops)
    let found
    try {
      found = await Promise.race([this.#commands.find(lookups.map(({ id }) => id)), command.abandoned])
    } catch (error) {
      found = { rows: new Map(), errors: new Map(lookups.map(({ id }) => [id.key, error])) }
    }
    for (const { line, id, gets } of lookups) {
      const error = found.errors.get(id.key)
      const row = found.rows.get(id.key)
      for (const [index, { op, overlay }] of gets.entries()) {
        if (error) this.#tickets.fail(op.ticket, error)
        else this.#tickets.succeed(op.ticket, row ? ownCopy(liveRow(row, overlay, op.latestExpired), index) : null)
      }
      line.endRead()
      this.#refresh(line)
    }
    this.#end(this.#readLanes, ops, command, this.#reads)
  }

  #startWrites () {
    const limit = this.#sharded ? MAX_SHARDED : MAX_STATEMENTS
    while (this.#updates.size + this.#deletes.size > 0) {
      const [lines, oldest] = this.#oldestWrite()
      if (sizeOf(oldest.value) > LARGE_VALUE_BYTES) this.#writeLanes.add()
      if (!this.#mayStart(this.#writeLanes, oldest)) return
      const together = lines === this.#deletes && !this.#groupsDestroys ? 1 : limit
      const statements = this.#takeStatements(lines, together)
      this.#write(statements)
    }
  }

  /** The set of ready lines whose first operation is the older, and that operation. */
  #oldestWrite () {
    const ready = [this.#updates, this.#deletes].filter(({ size }) => size > 0)
    const firsts = ready.map(lines => [lines, lines.values().next().value.nextWrite()])
    return firsts.reduce((a, b) => b[1].seq < a[1].seq ? b : a)
  }

  #takeStatements (lines, limit) {
    const statements = []
    let bytes = 0
    for (const line of [...lines]) {
      if (statements.length === limit) break
      const size = sizeOf(line.nextWrite()?.value)
      if (statements.length > 0 && (size > LARGE_VALUE_BYTES || bytes + size > SOFT_COMMAND_BYTES)) continue
      statements.push({ ...line.beginWrite(), line })
      this.#refresh(line)
      bytes += size
      if (size > LARGE_VALUE_BYTES) break
    }
    return statements
  }

  async #write (statements) {
    const ops = statements.flatMap(({ members }) => members.map(({ op }) => op))
    const command = this.#begin(this.#writeLanes, ops)
    let outcome
    try {
      outcome = await Promise.race([this.#commands.write(statements), command.abandoned])
    } catch (error) {
      outcome = { verdicts: statements.map(() => ({ error })), matched: [], removed: false }
    }
    const { verdicts, matched, removed } = outcome
    for (const [index, statement] of statements.entries()) {
      const verdict = verdicts[index]
      const orphans = this.#tell(statement, verdict, { matched: matched[index], removed })
      const answered = statement.line.endWrite(verdict.error === null, orphans)
      for (const { op, row } of answered) {
        this.#tickets.succeed(op.ticket, row)
        this.#barriers.leave(op.epoch)
      }
      for (const orphan of orphans) ops.splice(ops.indexOf(orphan), 1)
      this.#inFlight -= orphans.length
      this.#refresh(statement.line)
    }
    this.#end(this.#writeLanes, ops, command, this.#updates.size > 0 ? this.#updates : this.#deletes)
  }

  /** Gives each member of a statement its outcome. Returns the gets that must query after all. */
  #tell (statement, { error, upserted }, { matched, removed }) {
    const sets = !statement.destroys && !isTouch(statement)
    const orphans = []
    let exists = sets && !upserted
    for (const { op, row } of statement.members) {
      const { ticket } = op
      if (error !== null) {
        if (op.kind === 'get' && !ticket.settled) orphans.push(op)
        else this.#tickets.fail(ticket, error)
        continue
      }
      if (op.kind === 'get') this.#tickets.succeed(ticket, row)
      else if (op.kind === 'destroy') this.#tickets.succeed(ticket, removed)
      else if (op.kind === 'touch') this.#tickets.succeed(ticket, sets ? exists : matched)
      else {
        this.#tickets.succeed(ticket, exists ? 'updated' : 'created')
        exists = true
      }
    }
    return orphans
  }

  #mayStart (lanes, oldest) {
    return lanes.isFree() || lanes.widen(now() - oldest.ticket.admittedAt)
  }

  /** A command for `ops`. It is abandoned when all of them have passed their deadlines. */
  #begin (lanes, ops) {
    lanes.startCommand()
    this.#inFlight += ops.length
    const command = { startedAt: now(), left: ops.length }
    command.abandoned = new Promise((resolve, reject) => { command.abandon = reject })
    command.abandoned.catch(() => {})
    for (const { ticket } of ops) {
      ticket.sent = true
      ticket.onOverdue = () => {
        if (--command.left === 0) command.abandon(makeError('MongoOperationTimeoutError', 'abandoned'))
      }
    }
    return command
  }

  #end (lanes, ops, { startedAt }, ready) {
    this.#inFlight -= ops.length
    for (const { epoch } of ops) this.#barriers.leave(epoch)
    lanes.endCommand(now() - startedAt, ready.size === 0)
    this.#schedule()
  }

  /** Full lanes are not looked at when operations arrive, but when the oldest has waited too long. */
  #lookAgain () {
    if (this.#look !== null) return
    const waits = [[this.#readLanes, this.#reads.size], [this.#writeLanes, this.#updates.size + this.#deletes.size]]
      .filter(([lanes, ready]) => ready > 0 && lanes.canWiden())
      .map(([lanes]) => lanes.patienceMS())
    if (waits.length === 0) return
    this.#look = setTimeout(() => {
      this.#look = null
      this.#pump()
    }, Math.min(...waits) + 1)
  }

  /** What has been settled while it waited makes way. */
  #purge () {
    for (const line of this.#lines.values()) {
      const settled = line.purge()
      if (settled.length === 0) continue
      for (const { epoch } of settled) this.#barriers.leave(epoch)
      this.#refresh(line)
    }
    // A clear that has passed its deadline lets go, whether the server still works on it or not.
    for (const call of this.#waiting) if (call.ticket.settled) this.#endWhole(call)
    this.#schedule()
  }
}

function note (lines, line, ready) {
  if (ready) lines.add(line)
  else lines.delete(line)
}

/** Callers that share a row must not share its document. */
function ownCopy (row, index) {
  return row === null || index === 0 ? row : { ...row, value: clone(row.value) }
}

module.exports = { Engine }
