'use strict'

const { layoutOf } = require('../backends/driver/layouts')
const { answer } = require('../support/callbacks')
const { nextTick, Promise } = require('../support/realm')
const { findPeer, missingPeer } = require('../support/peers')

/** Models that were made here. Their collections' names are ours, not the app's choice. */
const made = new WeakSet()

/** Collections whose `drop` has been replaced already: several stores may share a connection. */
const answering = new WeakSet()

/** The first Mongoose whose connections can be closed while they are being opened. */
const CLOSES_AT_ONCE = 7

/**
 * session-mongoose's `store.model`: the rows as a Mongoose model. On a Mongoose instance of its own, leaving
 * the default one to the app, unless the app has handed its connection over.
 */
function openModel (form) {
  const borrowed = form.connection?.value
  const mongoose = borrowed?.base ?? findPeer(['mongoose'])
  if (mongoose === undefined) throw missingPeer('mongoose', 'store.model')
  const connection = borrowed ?? dial(mongoose, form.url)
  const model = modelOn(connection, mongoose, form)
  answerDrop(model, connection, form)
  return { model, close: async () => borrowed || close(connection, mongoose) }
}

function isMade (model) {
  return made.has(model)
}

/**
 * The app's own of this name, if it has the store's rows. Several stores of one name may share a connection.
 */
function modelOn (connection, mongoose, { collection, layout, modelName }) {
  const names = [modelName, `${modelName} in ${collection}`]
  const models = names.map(name => connection.models[name])
  const registered = models.find(model => model?.collection.name === collection)
  if (registered !== undefined) return registered
  const name = names[models.indexOf(undefined)]
  const model = connection.model(name, schemaOf(mongoose, layout), collection)
  made.add(model)
  return model
}

function dial ({ Mongoose, version }, url) {
  const own = new Mongoose()
  // Mongoose 5 asks for these two; the drivers of later ones do not know them any more.
  const options = parseInt(version) < 6 ? { useNewUrlParser: true, useUnifiedTopology: true } : {}
  const connection = own.createConnection(url, options)
  // Operations report what goes wrong. Without a listener, 'error' would also be an uncaught exception.
  connection.on('error', () => {})
  opened(connection).catch(() => {})
  return connection
}

async function close (connection, { version }) {
  if (parseInt(version) < CLOSES_AT_ONCE) await opened(connection).catch(() => {})
  await connection.close()
}

/** Some connections of Mongoose 4 are not thenable. */
async function opened (connection) {
  if (connection.readyState === 1) return
  if (typeof connection.asPromise === 'function') await connection.asPromise()
  else if (typeof connection.then === 'function') await connection
  else await new Promise(resolve => connection.once('open', resolve))
}

/** As session-mongoose declared it. The store makes the indexes, and `__v` is no field of its rows. */
function schemaOf ({ Schema }, { ttlSeconds }) {
  const fields = {
    sid: { type: String, required: true, unique: true },
    data: { type: Schema.Types.Mixed, required: true }
  }
  const options = { autoIndex: false, autoCreate: false, versionKey: false }
  if (ttlSeconds !== null) {
    return new Schema({ ...fields, usedAt: { type: Date, expires: ttlSeconds } }, options)
  }
  const schema = new Schema({ ...fields, expires: { type: Date, index: true } }, options)
  schema.index({ sid: 1, expires: 1 })
  return schema
}

/**
 * `model.collection.drop(callback)`, by which session-mongoose's notes wipe all sessions, on any Mongoose:
 * since 7 it knows no callbacks. Dropping the collection drops its indexes, so they are made again. Without
 * them every get would scan the collection until the app starts again.
 */
function answerDrop ({ collection }, connection, form) {
  if (answering.has(collection)) return
  answering.add(collection)
  const { drop } = collection
  collection.drop = (...args) => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined
    return answer(wipe(args), callback, (callback, result) => nextTick(callback, null, result))
  }

  async function wipe (args) {
    await opened(connection)
    const result = await drop.apply(collection, args).catch(tolerateMissing)
    await createIndexes(connection.db, form).catch(() => {})
    return result
  }
}

/** `NamespaceNotFound`: there was no collection to drop, which servers before 7.0 call an error. */
function tolerateMissing (error) {
  if (error.code === 26) return true
  throw error
}

/** By the command, as the store does: the driver of Mongoose 4.1 makes none where there is no collection. */
function createIndexes (db, form) {
  const indexes = layoutOf(form).indexes().map(({ name, keys, unique, expireAfterSeconds }) =>
    ({ name, key: keys, unique, ...expireAfterSeconds !== undefined && { expireAfterSeconds } }))
  return db.command({ createIndexes: form.collection, indexes })
}

module.exports = { isMade, openModel }
