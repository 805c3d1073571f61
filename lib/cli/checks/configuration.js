'use strict'

const { isIP } = require('net')

const { ok, warning } = require('./finding')

// What the options and the connection string say, before anything is asked. `settings` are a MongoClient's.

function checkConfiguration (form, settings) {
  return [
    database(form, settings),
    encryptionOfTheWire(settings),
    readPreference(settings),
    readConcern(settings),
    touchAfter(form)
  ].filter(Boolean)
}

function database ({ url, dbName }, settings) {
  const named = dbName ?? /^[^/]+\/\/[^/?]+\/([^?]+)/.exec(url)?.[1]
  if (named) return ok('database', `Sessions are in the database ${dbName ?? settings.dbName}.`)
  return warning('database', 'The connection string names no database, so that sessions are in the database test.',
    'Name one: mongodb://host/app, or the option dbName')
}

/** Of mongodb+srv, the hosts are not known yet, and they are elsewhere. */
function encryptionOfTheWire ({ hosts, srvHost, tls, rejectUnauthorized, checkServerIdentity }) {
  const names = srvHost ? [srvHost] : hosts.map(({ host }) => host)
  const far = names.filter(host => !isNear(host))
  if (!tls && far.length > 0) {
    return warning('tls-off', `Sessions cross the network to ${far[0]} unencrypted.`, 'Add tls=true to the connection string, ' +
      'once the server takes TLS')
  }
  if (tls && (rejectUnauthorized === false || checkServerIdentity !== undefined)) {
    return warning('tls-unchecked', 'The certificate of the server is not checked, so that anybody can pose as the server.',
      "Take tlsInsecure, tlsAllowInvalidCertificates and tlsAllowInvalidHostnames away; name the server's authority with " +
      'tlsCAFile')
  }
  return ok('tls', tls ? 'The connection is encrypted (TLS).' : 'The connection stays on this machine.')
}

/** Whether a host is this machine, or a socket on it. */
function isNear (host) {
  if (host === undefined || host === 'localhost' || host.endsWith('.localhost')) return true
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}

function readPreference ({ readPreference }) {
  const mode = readPreference?.mode ?? 'primary'
  if (mode === 'primary') return undefined
  return warning('read-preference', `With readPreference=${mode}, a visitor may not see what he has just saved.`,
    'Take readPreference away: sessions are read from the primary by default')
}

/** Levels that make each `get` wait for other members. */
const SLOW_LEVELS = ['linearizable', 'snapshot']

function readConcern ({ readConcern }) {
  const level = readConcern?.level
  if (!SLOW_LEVELS.includes(level)) return undefined
  return warning('read-concern', `With readConcernLevel=${level}, each request waits for a majority of the members to be asked.`,
    'Take readConcernLevel away')
}

function touchAfter ({ touchAfterMS, ttlMS }) {
  if (touchAfterMS === 0 || touchAfterMS < ttlMS) return undefined
  return warning('touch-after', 'touchAfter is not shorter than ttl: sessions expire while they are in use.',
    'Set touchAfter to less than ttl; both are seconds')
}

module.exports = { checkConfiguration, isNear }
