'use strict'

// What the cases of express-session's promises share.

const { sidOf } = require('../../helpers/session-app')

const MINUTE = 60_000

/** Handlers that most cases share. */
const set = (req, res, done) => {
  req.session.n = 1
  done(req.sessionID)
}
const show = (req, res, done) => done(JSON.stringify({ ...req.session, cookie: undefined }))
const add = (req, res, done) => {
  req.session.n = (req.session.n ?? 0) + 1
  done(req.session.n)
}
const nothing = (req, res, done) => done()
const hasExpires = header => /; Expires=/.test(header ?? '')

/** What is stored of a cookie's session, but for its cookie; null if nothing. */
async function stored (store, cookie) {
  const found = await new Promise((resolve, reject) => {
    store.get(sidOf(cookie), (error, found) => error ? reject(error) : resolve(found))
  })
  return found ? JSON.parse(JSON.stringify({ ...found, cookie: undefined })) : null
}

module.exports = { add, hasExpires, MINUTE, nothing, set, show, stored }
