'use strict'

const fs = require('fs')
const tls = require('tls')

/**
 * The certificates that Node.js trusts where NODE_EXTRA_CA_CERTS adds to its own, in PEM: the core has
 * Mozilla's too, but looks at no environment. Undefined without that variable, and with a file that cannot be
 * read: Node.js itself warns of it and goes on.
 */
function extraCA () {
  const file = process.env.NODE_EXTRA_CA_CERTS
  if (!file) return undefined
  try {
    return [...tls.rootCertificates, fs.readFileSync(file, 'utf8')].join('\n')
  } catch {
    return undefined
  }
}

module.exports = { extraCA }
