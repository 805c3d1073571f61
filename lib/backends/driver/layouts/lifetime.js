'use strict'

const { bare } = require('../documents')

// Updates of connect-mongo's rows that keep sessions within a maximal lifetime: pipelines, in which the
// server compares the new expiration with the row's own `createdAt`, by its own clock.
// src/command/layout/lifetime.rs has the same.

/**
 * Equal to null in the filter of a conditional set, and in no row: a row that the set is about to insert has
 * it, as null.
 */
const INSERTED = '__inserted'

/** What the filter of a conditional set needs for `pipelineOf`. */
const MARK = { [INSERTED]: null }

const IS_INSERTED = hasType(INSERTED, 'null')

/** The update of a statement. */
function pipelineOf ({ value, dates, condition, fields = {} }, { maxLifetimeMS, timestamps }) {
  const end = { $add: ['$createdAt', maxLifetimeMS] }
  return [
    {
      $set: {
        ...condition && matchOf(condition),
        // A text may begin with `$`, and a document would be merged with the one that is there.
        ...value !== undefined && { session: { $literal: bare(value) } },
        ...besideOf(fields),
        ...dates.lastModified !== null && { lastModified: new Date(dates.lastModified) },
        createdAt: createdAtOf(condition),
        ...timestamps && { updatedAt: '$$NOW' }
      }
    },
    { $set: { expires: { $min: dates.expires === null ? [end] : [end, new Date(dates.expires)] } } }
  ]
}

/** What the app declares beside the session: set, or removed where it is null. */
function besideOf (fields) {
  const names = Object.keys(fields)
  return Object.fromEntries(names.map(name => [name, fields[name] === null ? '$$REMOVE' : { $literal: fields[name] }]))
}

/** Written once; anew where a new session takes the place of an expired one. */
function createdAtOf (condition) {
  if (condition && condition.expected !== false && condition.now === null) return '$$NOW'
  return { $cond: [hasType('createdAt', 'date'), '$createdAt', '$$NOW'] }
}

/**
 * Makes a conditional set that misses an error of its statement alone, as it would give the row another id:
 * one that expects a row inserts none, and one that expects none changes none.
 */
function matchOf ({ expected }) {
  return {
    _id: { $cond: expected === false ? [IS_INSERTED, '$_id', null] : [IS_INSERTED, null, '$_id'] },
    [INSERTED]: '$$REMOVE'
  }
}

function hasType (field, type) {
  return { $eq: [{ $type: `$${field}` }, type] }
}

module.exports = { MARK, pipelineOf }
