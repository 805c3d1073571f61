'use strict'

const { areCommandsWatched, reportCommand } = require('../../support/channels')
const { now } = require('../../support/realm')
const { Commands } = require('./commands')
const { sizeOf } = require('./rows')

// Commands that whoever subscribes is told of. Nothing here changes what they send.

class WatchedCommands extends Commands {
  #form

  constructor (connection, form, options) {
    super(connection, options)
    this.#form = form
  }

  find (ids, operations = ids.length) {
    return watch(this.#form, { name: 'find', operations, bytes: bytesFound }, () => super.find(ids))
  }

  findCurrent (ids) {
    return watch(this.#form, { name: 'find', operations: ids.length, bytes: bytesFound }, () => super.findCurrent(ids))
  }

  findExisting (ids) {
    return watch(this.#form, { name: 'find', operations: ids.length }, () => super.findExisting(ids))
  }

  write (statements, operations = statements.length) {
    const name = statements[0].destroys ? 'delete' : 'update'
    const bytes = () => statements.reduce((sum, { value }) => sum + sizeOf(value), 0)
    return watch(this.#form, { name, operations, bytes }, () => super.write(statements))
  }
}

/** A call on the whole collection, which sends one command. */
function watchCall (form, name, run) {
  return watch(form, { name, operations: 1 }, run)
}

/** `bytes(result)`: of sessions, sent or received. Commands report their failures and do not fail. */
function watch (form, command, run) {
  return areCommandsWatched() ? watched(form, command, run) : run()
}

async function watched (form, { name, operations, bytes = () => 0 }, run) {
  const started = now()
  const report = (bytes, error) => {
    reportCommand(form, { name, operations, bytes, duration: now() - started, error })
  }
  try {
    const result = await run()
    report(bytes(result), result?.error ?? result?.reply?.concernError)
    return result
  } catch (error) {
    report(0, error)
    throw error
  }
}

function bytesFound ({ rows }) {
  return rows.reduce((sum, [, { value }]) => sum + sizeOf(value), 0)
}

module.exports = { watchCall, WatchedCommands }
