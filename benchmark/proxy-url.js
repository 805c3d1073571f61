'use strict'

const DEFAULT_PORT = 27017

/** The server that a MongoDB URL names, and the same URL by way of `proxied('host:port')`. */
function splitUrl (url) {
  const parts = /^(mongodb:\/\/(?:[^@/?]*@)?)([^@/?,]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url)
  if (!parts) throw new Error('A network is put before one server: MONGODB_URL must be mongodb:// with one host.')
  const [, before, address, database = '', query = ''] = parts
  const [, host, port = DEFAULT_PORT] = /^(.+?)(?::(\d+))?$/.exec(address)
  // Else a driver would go to the addresses that a member of a replica set names, past the proxy.
  const options = [...query.split('&').filter(option => option && !/^directConnection=/i.test(option)), 'directConnection=true']
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
    proxied: proxy => `${before}${proxy}/${database}?${options.join('&')}`
  }
}

module.exports = { splitUrl }
