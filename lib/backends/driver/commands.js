'use strict'

const bson = require('../../session/bson')
const { Document } = require('./documents')
const { isTouch } = require('./line')
const { discreet, precedesExecution, statementError } = require('./errors')
const { readId } = require('./ids')

// One command for many operations, and one reply as a verdict for each, with every major of the driver from
// 2.0 on; and with collections that only have the calls that connect-mongo makes, one for each operation.

/** Said in each call, since the caller's client may have been made with others. */
const READING = { promoteLongs: true, promoteValues: true, promoteBuffers: false, raw: false }
const WRITING = { ignoreUndefined: false, serializeFunctions: false }

const FAILED = error => ({ error, upserted: false })
const DONE = { error: null, upserted: false }
const UPSERTED = { error: null, upserted: true }

class Commands {
  #link
  #layout
  #writing
  #unacknowledged
  #alone
  #onCommand

  /**
   * `alone`: the driver cannot group, as with client-side encryption. `onCommand(name, operations)` is told
   * of each command.
   */
  constructor (link, { layout, writeConcern, alone, onCommand }) {
    this.#link = link
    this.#layout = layout
    this.#writing = { ...WRITING, ...driverWriteConcern(writeConcern) }
    this.#unacknowledged = (writeConcern ?? link.collection.writeConcern)?.w === 0
    this.#alone = alone
    this.#onCommand = onCommand
  }

  get #collection () {
    return this.#link.collection
  }

  /** `{ rows, errors }`, both by the keys of ids: what was found, and of whom that cannot be told. */
  async find (ids) {
    const found = { rows: new Map(), errors: new Map() }
    if (ids.length === 1 || this.#alone || typeof this.#collection.find !== 'function') {
      await Promise.all(ids.map(id => this.#findOne(id, found)))
      return found
    }
    let strangers = false
    try {
      const wanted = new Set(ids.map(({ key }) => key))
      this.#onCommand('find', ids.length)
      const filter = { [this.#layout.idField]: { $in: ids.map(idForDriver) } }
      // One more than there can be: the first reply ends the cursor.
      const cursor = this.#collection.find(filter, { ...READING, batchSize: ids.length + 1 })
      for (const document of await cursor.toArray()) {
        const row = this.#layout.readRow(document)
        if (wanted.has(row?.id.key)) found.rows.set(row.id.key, row)
        else strangers = true
      }
      if (!strangers) return found
    } catch (error) {
      if (!precedesExecution(error)) {
        const values = ids.map(({ value }) => value)
        for (const { key } of ids) if (!found.rows.has(key)) found.errors.set(key, discreet(error, values))
        return found
      }
    }
    await Promise.all(ids.filter(({ key }) => !found.rows.has(key)).map(id => this.#findOne(id, found)))
    return found
  }

  async #findOne (id, { rows, errors }) {
    try {
      this.#onCommand('find', 1)
      const document = await this.#collection.findOne(this.#filter(id), { ...READING, batchSize: 1 })
      if (document) rows.set(id.key, this.#layout.readRow(document))
    } catch (error) {
      errors.set(id.key, discreet(error, [id.value]))
    }
  }

  /**
   * Carries out statements of one kind. `{ verdicts, matched, removed }`: by statement its verdict and, if it
   * only touches, whether it has matched; and whether destroys have removed anything.
   */
  async write (statements) {
    if (statements.length === 1) return this.#single(statements[0])
    if (this.#alone || typeof this.#collection.bulkWrite !== 'function') return this.#singles(statements)
    const { destroys } = statements[0]
    this.#onCommand(destroys ? 'delete' : 'update', members(statements))
    let reply
    try {
      const operations = statements.map(statement => this.#operation(statement))
      reply = bulkReply(await this.#collection.bulkWrite(operations, { ...this.#writing, ordered: false }))
    } catch (error) {
      if (precedesExecution(error)) return this.#split(statements)
      reply = bulkReply(error.result ?? error, error)
      if (reply.writeErrors.length === 0) {
        // Of the whole command. Driver 2 tells a single statement's error without saying whose it is.
        if (error.constructor?.name === 'WriteError' || error.index !== undefined) return this.#singles(statements)
        throw discreet(error, statements.map(({ id }) => id.value))
      }
    }
    return this.#bulkOutcome(statements, reply)
  }

  async #bulkOutcome (statements, { writeErrors, concernError, upserted, matched, deleted }) {
    const ids = statements.map(({ id }) => id.value)
    if (concernError) throw discreet(Object.assign(new Error(concernError.errmsg), { code: concernError.code }), ids)
    const verdicts = statements.map((_, index) => upserted.has(index) ? UPSERTED : DONE)
    for (const error of writeErrors) verdicts[error.index] = FAILED(statementError(error, ids))
    if (this.#unacknowledged || statements[0].destroys) {
      return { verdicts, matched: verdicts.map(() => true), removed: this.#unacknowledged || deleted !== 0 }
    }
    const done = statements.filter((_, index) => verdicts[index].error === null)
    const touches = done.filter(isTouch)
    // What is left for the touches, if all sets that did not upsert have matched. The sum may decide.
    const left = matched - (done.length - touches.length - upserted.size)
    if (touches.length === 0 || !(left < touches.length)) return { verdicts, matched: verdicts.map(() => true) }
    if (left <= 0) return { verdicts, matched: verdicts.map(() => false) }
    const there = await this.#existing(touches)
    return { verdicts, matched: statements.map(({ id }) => there === null || there.has(id.key)) }
  }

  /** Which of the touched rows are there; null if that cannot be told. */
  async #existing (touches) {
    try {
      this.#onCommand('find', touches.length)
      const { idField } = this.#layout
      const filter = { [idField]: { $in: touches.map(({ id }) => idForDriver(id)) } }
      const options = { ...READING, readPreference: 'primary', batchSize: touches.length + 1 }
      const rows = await projected(this.#collection.find(filter, options), { [idField]: 1 }).toArray()
      return new Set(rows.map(row => readId(row[idField]).key))
    } catch {
      return null
    }
  }

  /** By halves, until whoever is to blame is alone. */
  async #split (statements) {
    const middle = Math.ceil(statements.length / 2)
    const halves = [statements.slice(0, middle), statements.slice(middle)]
    return joined(await Promise.all(halves.map(half => this.#contained(half))), halves)
  }

  async #singles (statements) {
    const parts = statements.map(statement => [statement])
    return joined(await Promise.all(parts.map(part => this.#contained(part))), parts)
  }

  /** A part of a command's statements, whose error as a whole is that of this part only. */
  async #contained (statements) {
    try {
      return await this.write(statements)
    } catch (error) {
      return { verdicts: statements.map(() => FAILED(error)), matched: statements.map(() => false), removed: false }
    }
  }

  #filter (id) {
    return { [this.#layout.idField]: idForDriver(id) }
  }

  async #single (statement) {
    const { id, destroys } = statement
    this.#onCommand(destroys ? 'delete' : 'update', statement.members.length)
    try {
      const filter = this.#filter(id)
      if (destroys) {
        const { deletedCount } = await this.#collection.deleteOne(filter, this.#writing) ?? {}
        return { verdicts: [DONE], matched: [true], removed: deletedCount !== 0 }
      }
      const upsert = !isTouch(statement)
      const update = this.#layout.update(statement)
      const reply = await this.#collection.updateOne(filter, update, { ...this.#writing, upsert }) ?? {}
      const matched = this.#unacknowledged || (reply.matchedCount ?? reply.result?.n) !== 0
      return { verdicts: [upsert && hasUpserted(reply) ? UPSERTED : DONE], matched: [matched] }
    } catch (error) {
      // Drivers from 5 on insist on values of their own bson, where the app may have another beside it.
      if (error?.name === 'BSONVersionError' && !statement.adopted) return this.#single(withAdopted(statement))
      throw discreet(error, [id.value])
    }
  }

  #operation (statement) {
    const filter = this.#filter(statement.id)
    if (statement.destroys) return { deleteOne: { filter } }
    const update = this.#layout.update(statement)
    return { updateOne: { filter, update, upsert: !isTouch(statement) } }
  }
}

function withAdopted (statement) {
  const { value } = statement
  if (!(value instanceof Document)) return { ...statement, adopted: true }
  return { ...statement, adopted: true, value: new Document(bson.adopted(value.value), value.bytes) }
}

/** bson before 5 leaves a bigint out, or fails by it; a filter without its id would match anything. */
function idForDriver ({ value }) {
  if (typeof value === 'bigint') throw new TypeError('a bigint session id beyond 2^53 takes a URL, not a connection')
  return value
}

/** In the spellings of all majors. */
function driverWriteConcern (concern) {
  if (!concern) return {}
  const { w, j, wtimeoutMS } = concern
  const settings = Object.entries({ w, j, wtimeout: wtimeoutMS })
  const flat = Object.fromEntries(settings.filter(([, value]) => value !== undefined))
  return { ...flat, writeConcern: { ...flat, ...(wtimeoutMS !== undefined && { wtimeoutMS }) } }
}

/** A bulkWrite's result, or the error that has one in it, in one form. */
function bulkReply (result, error) {
  const errors = result.getWriteErrors?.() ?? []
  const listed = errors.length > 0 ? errors : [error?.writeErrors ?? []].flat()
  // Up to driver 3: an array of { index, _id }; since, an object by index.
  const upserted = result.getUpsertedIds?.()?.map?.(({ index }) => index) ?? Object.keys(result.upsertedIds ?? {})
  return {
    writeErrors: listed.map(entry => ({ index: entry.index, code: entry.code, errmsg: entry.errmsg })),
    concernError: result.getWriteConcernError?.() ?? null,
    upserted: new Set(upserted.map(Number)),
    matched: result.matchedCount ?? result.nMatched,
    deleted: result.deletedCount ?? result.nRemoved
  }
}

/** A cursor that reads some fields only. As an option, majors call it by different names. */
function projected (cursor, fields) {
  return cursor.project?.(fields) ?? cursor
}

/** Whether an updateOne has made the row, in any major's words. */
function hasUpserted ({ upsertedCount, upsertedId, result }) {
  return upsertedCount > 0 || (upsertedId ?? null) !== null || result?.upserted?.length > 0
}

function members (statements) {
  return statements.reduce((sum, { members }) => sum + members.length, 0)
}

function joined (outcomes, parts) {
  const removed = outcomes.flatMap((outcome, part) => parts[part].map(() => outcome.removed))
  return {
    verdicts: outcomes.flatMap(({ verdicts }) => verdicts),
    matched: outcomes.flatMap(({ matched }) => matched),
    removed: removed.some(Boolean)
  }
}

module.exports = { Commands, driverWriteConcern, projected, READING }
