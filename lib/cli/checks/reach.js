'use strict'

const net = require('net')
const tls = require('tls')

const { problem } = require('./finding')

// Why there is no connection. The driver's error says what failed; the reason is often found by asking the
// first host in another way.

const PROBE_MS = 3000

/**
 * The finding for an error of `MongoClient.connect`. `dial(options)` makes a client with more options,
 * `dialMember(host)` one that connects to this host only, whatever set it is of.
 */
async function explainFailure (error, settings, { dial, dialMember }) {
  const causes = causesOf(error)
  const has = (...codes) => causes.some(({ code }) => codes.includes(code))
  const { hosts } = settings
  const open = await firstOpen(hosts)
  const host = open ?? hosts[0]
  const name = String(host ?? settings.srvHost)

  if (has(18)) return credentials(settings, dial)
  if (causes.some(({ name }) => name === 'MongoCompatibilityError')) {
    return problem('version', 'The server is older than this driver can talk to.', 'Upgrade MongoDB to 4.4 or later; or install ' +
      "an older mongodb package and set backend: 'driver'")
  }
  const certificate = causes.map(({ code }) => CERTIFICATES[code]).find(Boolean)
  if (certificate !== undefined) return problem(certificate.code, certificate.message(name), certificate.remedy)
  if (has('ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'ESERVFAIL')) {
    return problem('host-name', `The name of ${name} cannot be resolved.`, 'Correct the host in the connection string. A ' +
      'mongodb+srv:// name has no port, and exists as _mongodb._tcp.<name>')
  }
  if (host !== undefined && open === undefined) {
    return problem('refused', `Nothing listens on ${name}${has('ECONNREFUSED') ? '' : ', or a firewall is in the way'}.`,
      'Start MongoDB there; or correct host and port; or open the port to this machine')
  }
  if (settings.tls) {
    return problem('tls-not-spoken', `There is no TLS connection to ${name}: ${causes.at(-1).message}.`, 'If the server does ' +
      'not take TLS, take tls=true away; if it asks for a certificate, name one with tlsCertificateKeyFile')
  }
  if (host !== undefined && await speaksTls(host)) {
    return problem('tls-required', `${name} takes encrypted connections only.`, 'Add tls=true to the connection string')
  }
  return (host && await replicaSet(name, settings, dialMember(name))) ??
    problem('unreachable', `${name} was reached, and no server can be used: ${error.message}.`, 'See the log of the server')
}

/** The error, its causes, and what the driver knows of each server. */
function causesOf (error) {
  const found = []
  const queue = [error]
  for (const next of queue) {
    if (!(next instanceof Error) || found.includes(next)) continue
    found.push(next)
    const servers = Array.from(next.reason?.servers?.values() ?? [])
    queue.push(next.cause, ...(next.errors ?? []), ...servers.map(({ error }) => error))
  }
  return found
}

const UNTRUSTED = {
  code: 'tls-ca',
  message: name => `The certificate of ${name} is of an authority that this machine does not trust.`,
  remedy: "Name the authority's certificate: tlsCAFile=/path/ca.pem in the connection string, or NODE_EXTRA_CA_CERTS"
}

const CERTIFICATES = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: {
    code: 'tls-expired',
    message: name => `The certificate of ${name} has expired.`,
    remedy: 'Give the server a new certificate'
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'tls-host-name',
    message: name => `The certificate of ${name} is for another host name.`,
    remedy: 'Connect by a name that is in the certificate; or give the server one for this name'
  }
}

/** The user may be of another database than the one that it is looked for in. */
async function credentials (settings, dial) {
  const source = settings.credentials?.source
  if (source !== 'admin' && await isAccepted(dial({ authSource: 'admin' }))) {
    return problem('auth-source', `The user is of the database admin, and is looked for in ${source}.`,
      'Add authSource=admin to the connection string')
  }
  return problem('credentials', 'User and password are refused.', 'Correct them. In a connection string, characters of the ' +
    'password such as @ : / % must be percent-encoded (encodeURIComponent). authSource names the database that has the user')
}

async function isAccepted (client) {
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.close()
  }
}

/** What a member says of itself. */
async function replicaSet (name, settings, client) {
  try {
    await client.connect()
    const { isreplicaset, me, setName } = await client.db('admin').command({ hello: 1 })
    if (isreplicaset) {
      return problem('set-not-initiated', `${name} was started for a replica set that nobody has initiated.`,
        'Run rs.initiate() in mongosh, once, on this server')
    }
    if (settings.replicaSet && setName === undefined) {
      return problem('set-name', `${name} is a server of its own, of no replica set.`, 'Take replicaSet away')
    }
    if (settings.replicaSet && setName !== settings.replicaSet) {
      return problem('set-name', `The replica set of ${name} has another name than replicaSet says.`, `Write replicaSet=${setName}`)
    }
    if (me !== undefined && me !== name) {
      return problem('member-names', `The replica set calls ${name} ${me}, and there is no primary that can be reached by such names.`,
        'Make the names of rs.conf() known to this machine, or change them with rs.reconfig(); or, for a single member, add ' +
        'directConnection=true')
    }
    return problem('no-primary', 'The replica set has no primary.', 'Start its other members: a majority elects a primary. See rs.status()')
  } catch {
    return undefined
  } finally {
    await client.close()
  }
}

/** The first host that takes connections. Sockets on this machine are not tried. */
async function firstOpen (hosts) {
  for (const address of hosts) {
    const { host, port } = address
    if (port === undefined || await settles(net.connect({ host, port }), 'connect')) return address
  }
}

/** Whether a server sends a certificate, whatever it makes of ours. */
function speaksTls ({ host, port }) {
  return settles(tls.connect({ host, port, rejectUnauthorized: false }), 'secureConnect')
}

/** Whether a socket emits the event in time. */
function settles (socket, event) {
  return new Promise(resolve => {
    const end = result => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(PROBE_MS, () => end(false))
    socket.on(event, () => end(true)).on('error', () => end(false)).on('close', () => end(false))
  })
}

module.exports = { explainFailure }
