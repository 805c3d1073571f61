'use strict'

// Certificates of an authority of our own, made by openssl.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/**
 * Makes a folder with `ca.pem` and, for each of `servers`, a `<name>.pem` with key and certificate.
 * `names` are its alternative names (none: it has nothing but the name localhost), `days` its life.
 */
function makeCertificates (servers) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-tls-'))
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const file = name => path.join(folder, name)
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test CA', '-keyout', 'ca.key', '-out', 'ca.pem')
  for (const [name, { names, days = 2 }] of Object.entries(servers)) {
    fs.writeFileSync(file(`${name}.ext`), names === undefined ? '' : `subjectAltName=${names}\n`)
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', `${name}.key`, '-out', `${name}.csr`)
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', days,
      '-extfile', `${name}.ext`, '-out', `${name}.crt`)
    fs.writeFileSync(file(`${name}.pem`), Buffer.concat([`${name}.key`, `${name}.crt`].map(part => fs.readFileSync(file(part)))))
  }
  return { file, remove: () => fs.rmSync(folder, { recursive: true }) }
}

module.exports = { makeCertificates }
