'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { expiresAt, LastModified, lastModifiedOf, showExpires, showLastModified } = require('../../lib/session/dates')

const NOW = Date.parse('2026-01-01T00:00:00.000Z')
const LATER = NOW + 60_000
const TTL = 5_000

describe('when a session expires', () => {
  test('with its cookie, in any form of date', () => {
    for (const expires of [new Date(LATER), new Date(LATER).toISOString(), LATER]) {
      assert.equal(expiresAt({ cookie: { expires } }, NOW, TTL), LATER)
    }
  })

  test('in the past too, and as early or late as JavaScript can say', () => {
    assert.equal(expiresAt({ cookie: { expires: new Date(5) } }, NOW, TTL), 5)
    assert.equal(expiresAt({ cookie: { expires: new Date(8.64e15) } }, NOW, TTL), 8.64e15)
  })

  test('after the time to live when the cookie does not say, or says no date', () => {
    const silent = [
      undefined, null, 'a string', {}, { cookie: null }, { cookie: {} }, { cookie: { expires: null } },
      { cookie: { expires: false } }, { cookie: { expires: new Date(NaN) } }, { cookie: { expires: 'tomorrow' } },
      { cookie: { expires: 8.64e15 + 1 } }
    ]
    for (const session of silent) assert.equal(expiresAt(session, NOW, TTL), NOW + TTL, JSON.stringify(session))
  })

  test('maxAge of a plain object says nothing, as in connect-mongo', () => {
    assert.equal(expiresAt({ cookie: { maxAge: 1 } }, NOW, TTL), NOW + TTL)
  })
})

describe('a touch shows', () => {
  test('in the form that the cookie has', () => {
    const text = { cookie: { expires: new Date(NOW).toISOString(), originalMaxAge: 1 } }
    showExpires(text, LATER)
    assert.deepEqual(text, { cookie: { expires: new Date(LATER).toISOString(), originalMaxAge: 1 } })

    const dated = { cookie: { expires: new Date(NOW), originalMaxAge: 1 } }
    showExpires(dated, LATER)
    assert.deepEqual(dated, { cookie: { expires: new Date(LATER), originalMaxAge: 1 } })
  })

  test('not where there is nothing to show it on', () => {
    for (const session of [null, undefined, 'text', {}, { cookie: null }, { cookie: { expires: null } }, { cookie: {} }]) {
      const before = structuredClone(session)
      showExpires(session, LATER)
      assert.deepEqual(session, before)
    }
  })

  test('not from a row without a date, or with one beyond JavaScript', () => {
    const session = { cookie: { expires: new Date(NOW).toISOString() } }
    for (const expires of [null, 9e15]) showExpires(session, expires)
    assert.equal(session.cookie.expires, new Date(NOW).toISOString())
  })
})

describe('lastModified', () => {
  test('is a Date on the session, and leaves no trace in its JSON', () => {
    const session = { user: 1 }
    showLastModified(session, NOW)
    assert.ok(session.lastModified instanceof Date)
    assert.equal(session.lastModified.getTime(), NOW)
    assert.equal(JSON.stringify(session), '{"user":1}')
    assert.equal(lastModifiedOf(session), NOW)
  })

  test('survives what express-session does with a session: copying its properties', () => {
    const session = {}
    showLastModified(session, NOW)
    const copy = {}
    for (const name in session) copy[name] = session[name]
    assert.equal(lastModifiedOf(copy), NOW)
    assert.ok(copy.lastModified instanceof LastModified)
  })

  test("does not replace an app's own", () => {
    const session = { lastModified: 'yesterday' }
    showLastModified(session, NOW)
    assert.equal(session.lastModified, 'yesterday')
    assert.equal(lastModifiedOf(session), null)
  })

  test('is read from whole rows too', () => {
    assert.equal(lastModifiedOf({ _id: 'a', lastModified: new Date(NOW) }), NOW)
  })

  test('is not invented', () => {
    for (const session of [undefined, null, 'text', {}]) {
      assert.equal(lastModifiedOf(session), null)
      showLastModified(session, null)
    }
    const untouched = {}
    showLastModified(untouched, null)
    assert.deepEqual(untouched, {})
  })
})
