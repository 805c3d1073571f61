'use strict'

const { isDeepStrictEqual } = require('util')

const { isPlain } = require('../session/plain')

// Merges what two requests have made of one session: `theirs` is stored meanwhile, `ours` is saved now, and
// both began with `base`. What one side changed is taken from it, a deletion included; what both changed is
// taken from ours, the later save.

/** Nobody means to change a cookie's maximal age by less. */
const CLOCK_TOLERANCE_MS = 100

/** Stands for a property that is not there. */
const ABSENT = Symbol('absent')

/** Sessions as they are stored, decoded: objects whose dates, ids and numbers compare by value. */
function mergeSessions (base, theirs, ours) {
  const merged = mergeObjects(base, theirs, ours)
  const cookie = mergeCookies(base.cookie, theirs.cookie, ours.cookie)
  if (cookie !== undefined && Object.hasOwn(merged, 'cookie')) merged.cookie = cookie
  return merged
}

function mergeObjects (base, theirs, ours) {
  const names = new Set([...Object.keys(theirs), ...Object.keys(ours)])
  const properties = []
  for (const name of names) {
    const value = mergeValues(at(base, name), at(theirs, name), at(ours, name))
    if (value !== ABSENT) properties.push([name, value])
  }
  // Defines properties of any name as the object's own, `__proto__` too.
  return Object.fromEntries(properties)
}

function mergeValues (base, theirs, ours) {
  if (isSame(theirs, ours) || isSame(base, theirs)) return ours
  if (isSame(base, ours)) return theirs
  // Where there was nothing, both have begun the same object. What was another value, each has replaced.
  const start = base === ABSENT ? {} : base
  if ([start, theirs, ours].every(isPlain)) return mergeObjects(start, theirs, ours)
  return appended(base, theirs, ours) ?? ours
}

/** Arrays to which both have only appended, such as flash messages: joined, theirs first. */
function appended (base, theirs, ours) {
  const start = base === ABSENT ? [] : base
  if (![start, theirs, ours].every(Array.isArray)) return undefined
  const goesOn = list => list.length >= start.length && isSame(start, list.slice(0, start.length))
  return goesOn(theirs) && goesOn(ours) ? [...theirs, ...ours.slice(start.length)] : undefined
}

/**
 * A cookie is one thing: it is that of whoever changed more of it than its expiration, which every request
 * moves; else the later.
 */
function mergeCookies (base, theirs, ours) {
  return !lastAlike(base, theirs) && lastAlike(base, ours) ? theirs : ours
}

/**
 * Whether two cookies differ in nothing but the expiration. express-session reads `originalMaxAge` off the
 * clock, so that it loses a millisecond now and then.
 */
function lastAlike (one, other) {
  if (!isPlain(one) || !isPlain(other)) return isSame(one, other)
  // A hook that stores the Cookie itself stores its inner field.
  const { expires, _expires, originalMaxAge, ...rest } = one
  const { expires: otherExpires, _expires: otherInner, originalMaxAge: otherMaxAge, ...otherRest } = other
  const isNear = Math.abs(originalMaxAge - otherMaxAge) < CLOCK_TOLERANCE_MS
  return (isNear || isSame(originalMaxAge, otherMaxAge)) && isSame(rest, otherRest)
}

/** Whether two sessions differ in nothing but the cookie's expiration. */
function differOnlyInExpiration (one, other) {
  if (!isPlain(one) || !isPlain(other)) return false
  const { cookie, ...rest } = one
  const { cookie: otherCookie, ...otherRest } = other
  return lastAlike(cookie, otherCookie) && isSame(rest, otherRest)
}

function at (object, name) {
  return Object.hasOwn(object, name) ? object[name] : ABSENT
}

function isSame (one, other) {
  return one === other || isDeepStrictEqual(one, other)
}

module.exports = { differOnlyInExpiration, isSame, mergeCookies, mergeSessions }
