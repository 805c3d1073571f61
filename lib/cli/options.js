'use strict'

// Options that several commands have. `value` is how help shows what an option takes.

/** Where the sessions are. */
const WHERE = {
  url: {
    type: 'string',
    value: 'connection string',
    text: 'in place of the environment variable MONGODB_URL. Other users of the machine see it in the process list'
  },
  db: { type: 'string', value: 'name', text: "the database (default: the connection string's, or else test)" },
  collection: { type: 'string', value: 'name', text: 'where the sessions are (default: sessions)' }
}

const OPTIONS = {
  options: { type: 'string', value: 'file', text: "the options of the app's store, as MongoStore.create() takes them: a module or JSON" }
}

const JSON_OUTPUT = { json: { type: 'boolean', text: 'print one JSON document in place of text' } }

const HELP = { help: { type: 'boolean', short: 'h', text: 'print this' } }

const BACKEND = {
  backend: {
    type: 'string',
    value: 'native or driver',
    text: 'who connects: the core (default), or the package mongodb for what the core cannot do'
  }
}

const SHOW_IDS = {
  'show-ids': { type: 'boolean', text: 'print whole ids. Who has the id of a session may be able to take it over' }
}

const YES = { yes: { type: 'boolean', text: 'do it. Without this, the command only says what it would do' } }

module.exports = { BACKEND, HELP, JSON_OUTPUT, OPTIONS, SHOW_IDS, WHERE, YES }
