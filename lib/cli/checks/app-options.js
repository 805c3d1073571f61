'use strict'

const fs = require('fs')
const path = require('path')
const { setImmediate: nextTurn } = require('timers/promises')
const { pathToFileURL } = require('url')

const modern = require('../../dialects/modern')
const { readTarget } = require('../target')
const { UsageError } = require('../usage-error')
const { problem, warning } = require('./finding')

// The options of an app's store, from a file of its own, read as MongoStore.create() reads them.

/** What a file exports: an object, or JSON. */
async function loadOptions (file) {
  const full = path.resolve(file)
  let options
  try {
    if (full.endsWith('.json')) options = JSON.parse(fs.readFileSync(full, 'utf8'))
    else options = (await import(pathToFileURL(full))).default
  } catch (error) {
    throw new UsageError(`--options ${file} cannot be read: ${error.message}`)
  }
  if (typeof options !== 'object' || options === null) throw new UsageError(`--options ${file} exports no object of options`)
  if (options.client || options.clientPromise) {
    throw new UsageError(`--options ${file} has a client of its own: this command takes a connection string, as mongoUrl or in MONGODB_URL`)
  }
  return options
}

/** The store's options: those of the file, and what the command line says. */
function appOptions (given, context) {
  const url = given.mongoUrl ?? given.url
  const { values } = context
  const target = readTarget(url === undefined || values.url ? context : { ...context, env: { MONGODB_URL: url } })
  const { url: ignored, ...others } = given
  return {
    ...others,
    mongoUrl: target.url,
    dbName: values.db ?? given.dbName,
    collectionName: values.collection ?? given.collectionName,
    backend: target.backend ?? given.backend
  }
}

/** `{ form, findings }`: the normalized options, or undefined where no store would start. */
async function checkOptions (options) {
  const findings = []
  const heard = ({ name, message }) => {
    if (name === 'ConnectMongoWarning') findings.push(warning('option', `${message}.`, 'Correct the option, or leave it out'))
  }
  process.on('warning', heard)
  try {
    const form = modern.normalize(options)
    await nextTurn() // warnings come on the next tick
    return { form, findings }
  } catch (error) {
    return { findings: [problem('option', `The store would not start: ${error.message}.`, 'Correct the option that is named')] }
  } finally {
    process.off('warning', heard)
  }
}

module.exports = { appOptions, checkOptions, loadOptions }
