'use strict'

const { sizeOf } = require('./rows')

/** Sends the commands that the scheduler lets go, and tells it of their replies. */
class Dispatch {
  #codes
  #commands = null
  #messages
  #onReply

  /** `onReply` is called when there are messages for the scheduler. */
  constructor (codes, messages, onReply) {
    this.#codes = codes
    this.#messages = messages
    this.#onReply = onReply
  }

  get isConnected () {
    return this.#commands !== null
  }

  connect (commands) {
    this.#commands = commands
  }

  async find (command, ids, operations) {
    const { fromJavaScript, expiry, findEnd } = this.#codes
    const messages = this.#messages
    const { rows, end, error } = await this.#commands.find(ids, operations)
    for (const [index, row] of rows) {
      const { value, expires, lastModified, ends } = row
      const kind = expires === undefined ? expiry.ABSENT : expires === null ? expiry.NOT_A_DATE : expiry.AT
      const kept = messages.keepRow(row)
      messages.say(fromJavaScript.FOUND, command, index, kept, sizeOf(value), kind, expires ?? NaN, lastModified ?? NaN,
        ends ?? NaN)
    }
    messages.say(fromJavaScript.FIND_END, command, findEnd[end], error ? messages.keepError(error) : -1)
    this.#onReply()
  }

  async findExisting (command, ids) {
    const { fromJavaScript } = this.#codes
    const existing = await this.#commands.findExisting(ids)
    existing?.forEach((exists, index) => exists && this.#messages.say(fromJavaScript.EXISTS, command, index))
    this.#messages.say(fromJavaScript.EXISTING_END, command, existing === null ? 0 : 1)
    this.#onReply()
  }

  async findCurrent (command, ids) {
    const { fromJavaScript } = this.#codes
    const messages = this.#messages
    const { rows, error } = await this.#commands.findCurrent(ids)
    for (const [index, row] of rows) {
      messages.say(fromJavaScript.CURRENT, command, index, messages.keepRow(row), sizeOf(row.value))
    }
    messages.say(fromJavaScript.CURRENT_END, command, error ? messages.keepError(error) : -1)
    this.#onReply()
  }

  async write (command, statements, operations) {
    const { fromJavaScript, writeFate } = this.#codes
    const messages = this.#messages
    const { reply, error, fate } = await this.#commands.write(statements, operations)
    if (reply) {
      for (const index of reply.upserted) messages.say(fromJavaScript.UPSERTED, command, index)
      for (const index of reply.missed) messages.say(fromJavaScript.MISSED, command, index)
      for (const { index, error } of reply.errors) {
        messages.say(fromJavaScript.STATEMENT_FAILED, command, index, messages.keepError(error))
      }
      const concernError = reply.concernError ? messages.keepError(reply.concernError) : -1
      messages.say(fromJavaScript.WRITTEN, command, reply.n ?? NaN, concernError)
    } else if (fate === 'REJECTED') {
      messages.say(fromJavaScript.WRITE_REJECTED, command, messages.keepError(error))
    } else {
      messages.say(fromJavaScript.WRITE_FAILED, command, messages.keepError(error), writeFate[fate])
    }
    this.#onReply()
  }
}

module.exports = { Dispatch }
