'use strict'

const { ok, problem, warning } = require('./finding')

// The server: version, topology, clock, write concern.

const OLDEST = '4.4'

/** Milliseconds by which clocks may differ unnoticed, and from which on sessions expire too early or late. */
const CLOCK_WARNING_MS = 2000
const CLOCK_PROBLEM_MS = 60_000

async function checkServer (form, { client, db }) {
  const sent = Date.now()
  const hello = await db.command({ hello: 1 })
  const received = Date.now()
  const { version } = await db.command({ buildInfo: 1 })
  return [
    checkVersion(version, form),
    checkTopology(hello, client.options),
    checkClock(hello.localTime, sent, received),
    await checkWriteConcern(form, hello, version, client),
    checkRetries(hello, client.options)
  ].filter(Boolean)
}

function checkVersion (version, { backend }) {
  if (backend === 'driver' || !isBefore(version, OLDEST)) return ok('version', `MongoDB ${version}.`)
  return problem('version', `MongoDB ${version} is older than ${OLDEST}, the first that the core talks to.`,
    "Upgrade it; or set backend: 'driver'")
}

/** Whether a version, such as 6.0.5, is before another one, such as 5.1. */
function isBefore (version, other) {
  const [major, minor] = version.split('.').map(Number)
  const [otherMajor, otherMinor] = other.split('.').map(Number)
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}

function checkTopology (hello, settings) {
  const { arbiterOnly, hosts = [], isWritablePrimary, msg, setName } = hello
  if (msg === 'isdbgrid') return ok('topology', 'A sharded cluster.')
  if (setName === undefined) {
    return ok('topology', 'A standalone server: without it there are no sessions. A replica set survives the loss of a member.')
  }
  if (!isWritablePrimary) {
    return problem('secondary', `The connection is to ${arbiterOnly ? 'an arbiter' : 'a secondary'}, which takes no writes.`,
      `Take directConnection away, and write replicaSet=${setName}`)
  }
  if (settings.directConnection) {
    return warning('direct', 'The connection is to one member only: when another becomes primary, sessions are lost sight of.',
      `Take directConnection away, and write replicaSet=${setName}`)
  }
  return ok('topology', `The replica set ${setName}, of ${hosts.length} ${hosts.length === 1 ? 'member' : 'members'}.`)
}

/** The server's time lies between sending and receiving, whatever the round trip. */
function checkClock (localTime, sent, received) {
  const behind = sent - localTime.getTime()
  const ahead = localTime.getTime() - received
  const difference = Math.max(behind, ahead, 0)
  if (difference < CLOCK_WARNING_MS) return ok('clock', "This machine's clock and the server's agree.")
  const message = `The server's clock is ${Math.round(difference / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's: ` +
    `sessions are removed that much ${ahead > 0 ? 'early' : 'late'}.`
  const remedy = 'Have both machines set their clocks by a time server (NTP)'
  return difference < CLOCK_PROBLEM_MS ? warning('clock', message, remedy) : problem('clock', message, remedy)
}

async function checkWriteConcern (form, { setName, msg }, version, client) {
  const given = form.writeConcern ?? client.options.writeConcern
  const w = given?.w ?? await defaultOf(client, version)
  if (w === 0) {
    return warning('write-concern', 'With w=0 nobody knows whether a session was saved.', 'Take w=0 away')
  }
  const isSet = setName !== undefined || msg === 'isdbgrid'
  if (isSet && w === 1) {
    return warning('write-concern', 'With w=1, sessions that were saved can be lost when another member becomes primary.',
      'Write w=majority')
  }
  return ok('write-concern', isSet ? `Writes are acknowledged with w: ${w}.` : 'Writes are acknowledged.')
}

/** What the server takes where nothing is given: since 5.0 a majority, unless there are too many arbiters. */
async function defaultOf (client, version) {
  try {
    const { defaultWriteConcern } = await client.db('admin').command({ getDefaultRWConcern: 1 })
    if (defaultWriteConcern?.w !== undefined) return defaultWriteConcern.w
  } catch {
    // Not everybody may ask.
  }
  return isBefore(version, '5.0') ? 1 : 'majority'
}

function checkRetries ({ setName, msg }, settings) {
  if (settings.retryWrites !== false || (setName === undefined && msg !== 'isdbgrid')) return undefined
  return warning('retry-writes', 'With retryWrites=false, writes fail when another member becomes primary, and one that was given up ' +
    'may arrive late and undo a later one.', 'Take retryWrites=false away')
}

module.exports = { checkServer, isBefore }
