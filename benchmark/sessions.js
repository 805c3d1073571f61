'use strict'

const { createHash } = require('node:crypto')
const { Cookie } = require('express-session')

/** Apart from everything else on a server that is not our own. */
const DATABASE = 'connect-mongo-native-benchmark'

const COUNT = 2000
const DAY_MS = 24 * 60 * 60 * 1000

/** As long as express-session's, and the same in every run. */
const ids = Array.from({ length: COUNT }, (_, index) => digest(`id ${index}`).slice(0, 32))

/** What an app may keep in a session: about 1 KB of JSON with its cookie. */
function sessionData (index) {
  return {
    user: {
      id: digest(`user ${index}`).slice(0, 24),
      name: `Ada Lovelace ${index}`,
      email: `ada.${index}@example.org`,
      roles: ['author', 'reviewer'],
      locale: 'en-GB',
      verified: true
    },
    csrf: digest(`csrf ${index}`),
    // A token as of OpenID Connect: most of many sessions.
    token: Array.from({ length: 11 }, (_, part) => digest(`token ${index} ${part}`)).join('.'),
    cart: [
      { sku: 'B-1842-07', quantity: 1, price: 42.5 },
      { sku: 'B-1843-09', quantity: 2, price: 17.25 }
    ],
    returnTo: '/orders/2024?page=3&sort=date',
    signedInAt: 1700000000000 + index,
    visits: 0
  }
}

/** As express-session hands it to a store. */
function makeSession (index) {
  return { cookie: new Cookie({ maxAge: DAY_MS }), ...sessionData(index) }
}

function digest (text) {
  return createHash('sha256').update(text).digest('base64url')
}

module.exports = { DATABASE, DAY_MS, ids, makeSession, sessionData }
