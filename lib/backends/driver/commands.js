'use strict'

const bson = require('../../session/bson')
const { Promise } = require('../../support/realm')
const { bare, Document } = require('./documents')
const { discreet, fateOf, precedesExecution, statementError, ungrouped } = require('./errors')
const { readId } = require('./ids')

// One command for many operations, and one reply with a result for each, with every major of the driver from
// 2.0 on; and with collections that only have the calls that connect-mongo makes. What a failure asks for is
// the scheduler's to decide: nothing here fails, or is sent again.

/** The server's code for an update that would insert a row with another id than it asks for. */
const IMMUTABLE_FIELD = 66

/** And for one that inserts a row which another has inserted meanwhile. */
const DUPLICATE_KEY = 11000

/** WriteConcernFailed, UnknownReplWriteConcern, UnsatisfiableWriteConcern: driver 3 has no other mark. */
const CONCERN_CODES = new Set([64, 79, 100])

/** Said in each call, since the caller's client may have been made with others. */
const READING = { promoteLongs: true, promoteValues: true, promoteBuffers: false, raw: false }
const WRITING = { ignoreUndefined: false, serializeFunctions: false }

/** What the primary has now, whatever the client's concern: a majority may lack what a write has met. */
const READING_LATEST = { ...READING, readPreference: 'primary', readConcern: { level: 'local' } }

/** Of a reply that says nothing more. */
const NOTHING = { upserted: [], errors: [], concernError: null, missed: [] }

class Commands {
  #connection
  #layout
  #writing
  isUnacknowledged
  #rowsMade = new Signal()

  constructor (connection, { layout, writeConcern }) {
    this.#connection = connection
    this.#layout = layout
    this.#writing = writing(writeConcern)
    this.isUnacknowledged = (writeConcern ?? connection.collection.writeConcern)?.w === 0
  }

  get #collection () {
    return this.#connection.collection
  }

  /** Whether several ids fit one find, and several statements one write. */
  get groups () {
    return {
      finds: typeof this.#collection.find === 'function',
      writes: typeof this.#collection.bulkWrite === 'function'
    }
  }

  /**
   * `{ rows, end, error }`: rows with the indexes of their ids, and how the find ended, in the words of the
   * scheduler's codes.
   */
  async find (ids) {
    const rows = []
    const indexes = new Map(ids.map(({ key }, index) => [key, index]))
    let strangers = false
    try {
      for (const document of await this.#documents(ids)) {
        const row = this.#layout.readRow(document)
        const index = row === null ? undefined : indexes.get(row.id.key)
        if (index === undefined) strangers = true
        else rows.push([index, row])
      }
    } catch (error) {
      const end = precedesExecution(error) ? 'REJECTED' : 'FAILED'
      return { rows, end, error: discreet(error, ids.map(({ value }) => value)) }
    }
    return { rows, end: strangers ? 'INCOMPLETE' : 'COMPLETE' }
  }

  async #documents (ids) {
    if (ids.length === 1) {
      const document = await this.#collection.findOne(this.#filter(ids[0]), { ...READING, batchSize: 1 })
      return document ? [document] : []
    }
    // One more than there can be: the first reply ends the cursor.
    return this.#collection.find(this.#filterOf(ids), { ...READING, batchSize: ids.length + 1 }).toArray()
  }

  /** `{ rows, error }`: the rows as they are stored, with the indexes of their ids, on the primary. */
  async findCurrent (ids) {
    try {
      const options = { ...READING_LATEST, batchSize: ids.length + 1 }
      const documents = ids.length === 1
        ? [await this.#collection.findOne(this.#filter(ids[0]), options)].filter(Boolean)
        : await this.#collection.find(this.#filterOf(ids), options).toArray()
      const rows = documents.map(document => this.#layout.readRow(document))
      const indexed = rows.map(row => [ids.findIndex(({ key }) => key === row.id.key), row])
      return { rows: indexed.filter(([index]) => index >= 0) }
    } catch (error) {
      return { rows: [], error: discreet(error, ids.map(({ value }) => value)) }
    }
  }

  /** Which of the ids have a row, on the primary; null if that cannot be told. */
  async findExisting (ids) {
    try {
      const options = { ...READING_LATEST, batchSize: ids.length + 1 }
      const cursor = this.#collection.find(this.#filterOf(ids), options)
      const rows = await projected(cursor, { [this.#layout.idField]: 1 }).toArray()
      const keys = new Set(rows.map(row => readId(row[this.#layout.idField]).key))
      return ids.map(({ key }) => keys.has(key))
    } catch {
      return null
    }
  }

  /** Resolves when a write may have made a row, and with it the collection, since the last call. */
  rowsMade () {
    return this.#rowsMade.next()
  }

  /**
   * Carries out statements of one kind. `{ reply }`, or of a write that failed as a whole, `{ error, fate }`.
   * A reply has `n`, undefined where there are no counts, `upserted`, `errors`, `concernError` and `missed`,
   * the conditional sets that found another row than they expect.
   */
  async write (statements) {
    try {
      const reply = statements.length === 1 ? await this.#single(statements[0]) : await this.#bulk(statements)
      if (reply.upserted.length > 0 || this.isUnacknowledged) this.#rowsMade.raise()
      return { reply: this.isUnacknowledged ? { ...reply, n: undefined } : reply }
    } catch (error) {
      const fate = fateOf(error)
      if (fate !== 'REJECTED') this.#rowsMade.raise() // nobody knows
      return { error: discreet(error, statements.map(({ id }) => id.value)), fate }
    }
  }

  async #single (statement) {
    const filter = this.#filterFor(statement)
    if (statement.destroys) {
      const { deletedCount } = await this.#collection.deleteOne(filter, this.#writing) ?? {}
      return { ...NOTHING, n: deletedCount ?? 1 }
    }
    const upsert = statement.value !== undefined
    try {
      const options = { ...this.#writing, upsert }
      const reply = await this.#collection.updateOne(filter, this.#layout.update(statement), options) ?? {}
      const upserted = upsert && hasUpserted(reply)
      const matched = reply.matchedCount ?? reply.result?.n ?? 1
      return { ...NOTHING, n: upserted ? 1 : matched, upserted: upserted ? [0] : [] }
    } catch (error) {
      // Drivers from 5 on insist on values of their own bson, where the app may have another beside it.
      if (isMiss(error, statement)) return { ...NOTHING, n: 0, missed: [0] }
      // It has been carried out, and may not last.
      if (isOfConcern(error)) return { ...NOTHING, n: undefined, concernError: discreet(error, [statement.id.value]) }
      if (error?.name === 'BSONVersionError' && !statement.adopted) return this.#single(withAdopted(statement))
      throw error
    }
  }

  async #bulk (statements) {
    const ids = statements.map(({ id }) => id.value)
    const operations = statements.map(statement => this.#operation(statement))
    let reply
    try {
      reply = bulkReply(await this.#collection.bulkWrite(operations, { ...this.#writing, ordered: false }))
    } catch (error) {
      const alone = ungrouped(error)
      if (precedesExecution(alone)) throw alone
      reply = bulkReply(error.result ?? error, error)
      const isOfStatements = reply.errors.length > 0 || reply.concernError !== null
      if (!isOfStatements) throw isSomeStatements(error) ? refused(error) : alone
    }
    const missed = reply.errors.filter(error => isMiss(error, statements[error.index]))
    const errors = reply.errors.filter(error => !missed.includes(error))
    return {
      ...reply,
      missed: missed.map(({ index }) => index),
      errors: errors.map(error => ({ index: error.index, error: statementError(error, ids) })),
      concernError: reply.concernError && discreet(concernErrorOf(reply.concernError), ids)
    }
  }

  #operation (statement) {
    const filter = this.#filterFor(statement)
    if (statement.destroys) return { deleteOne: { filter } }
    const update = this.#layout.update(statement)
    return { updateOne: { filter, update, upsert: statement.value !== undefined } }
  }

  #filter (id) {
    return { [this.#layout.idField]: idForDriver(id) }
  }

  #filterFor ({ id, condition, filter: fields }) {
    const filter = { ...this.#filter(id), ...fields }
    return condition ? { ...filter, ...this.#layout.condition(condition) } : filter
  }

  #filterOf (ids) {
    return { [this.#layout.idField]: { $in: ids.map(idForDriver) } }
  }
}

/** Something has happened, once or more often, since it was last waited for. */
class Signal {
  #isRaised = false
  #waits = null

  raise () {
    this.#isRaised = this.#waits === null
    this.#waits?.()
    this.#waits = null
  }

  async next () {
    if (!this.#isRaised) await new Promise(resolve => { this.#waits = resolve })
    this.#isRaised = false
  }
}

/** Driver 2 reports a single statement's error without its number: smaller commands will show whose it is. */
function isSomeStatements (error) {
  return error.constructor?.name === 'WriteError' || error.index !== undefined
}

function refused (error) {
  return Object.assign(new TypeError(error.message), { code: 9, cause: error })
}

function concernErrorOf ({ errmsg, code }) {
  return Object.assign(new Error(errmsg), { code })
}

function withAdopted (statement) {
  const { value, fields, condition } = statement
  return {
    ...statement,
    adopted: true,
    value: value instanceof Document ? new Document(bson.adopted(value.value), value.bytes) : value,
    fields: fields && bson.adopted(fields),
    condition: condition && { ...condition, expected: bson.adopted(bare(condition.expected)) }
  }
}

/** bson before 5 leaves a bigint out, or fails by it; a filter without its id would match anything. */
function idForDriver ({ value }) {
  if (typeof value === 'bigint') throw new TypeError('a bigint session id beyond 2^53 takes a URL, not a connection')
  return value
}

/** Whether an error says that a conditional set found another row than it expects. */
function isMiss (error, { condition }) {
  if (!condition) return false
  const { code, errmsg, message } = error ?? {}
  return code === IMMUTABLE_FIELD || (code === DUPLICATE_KEY && /index: _id_ /.test(errmsg ?? message))
}

/** Whether members have not confirmed a write as asked for. */
function isOfConcern (error) {
  const { name, code, codeName } = error ?? {}
  return name === 'MongoWriteConcernError' || CONCERN_CODES.has(code) || /WriteConcern/.test(codeName)
}

/** The options of a write. */
function writing (writeConcern) {
  return { ...WRITING, ...driverWriteConcern(writeConcern) }
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
  const matched = result.matchedCount ?? result.nMatched ?? 0
  const deleted = result.deletedCount ?? result.nRemoved ?? 0
  return {
    n: matched + upserted.length + deleted,
    upserted: upserted.map(Number),
    errors: listed.map(({ index, code, errmsg }) => ({ index, code, errmsg })),
    concernError: result.getWriteConcernError?.() ?? null
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

module.exports = { Commands, driverWriteConcern, idForDriver, projected, READING, READING_LATEST, writing }
