'use strict'

const session = require('express-session')

/** The middleware of a store. `name`: the cookie's, which differs where an app has two kinds of session. */
function sessions ({ store, secret, name }) {
  return session({
    name,
    secret,
    store,
    resave: false, // what was not changed is touched, not saved
    saveUninitialized: false, // who has not logged in has no session, and no cookie
    cookie: {
      maxAge: 24 * 60 * 60 * 1000, // one day, in milliseconds
      httpOnly: true,
      sameSite: 'lax',
      secure: 'auto' // over HTTPS, as in production; the demo itself is plain HTTP on this machine
    }
  })
}

/** A fresh session in place of the request's, under a new id: nobody can plant one before a login. */
function regenerate (req) {
  return new Promise((resolve, reject) => req.session.regenerate(error => error ? reject(error) : resolve()))
}

/**
 * Saves the session now, so that a failure is the request's. express-session would save it at the end by
 * itself, when the reply's status is settled already.
 */
function save (req) {
  return new Promise((resolve, reject) => req.session.save(error => error ? reject(error) : resolve()))
}

function destroy (req) {
  return new Promise((resolve, reject) => req.session.destroy(error => error ? reject(error) : resolve()))
}

module.exports = { sessions, regenerate, save, destroy }
