'use strict'

// A registry on 127.0.0.1 that has this package and its platform packages as they would be published, and
// passes every other name on to the registry that npm is set up for.

const { execFileSync } = require('node:child_process')
const crypto = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { Readable } = require('node:stream')
const { currentPlatform } = require('../../lib/backends/native/platforms')
const { layOut, npm } = require('../../scripts/release/packages')

/** `addon`: the file for this machine's platform package. `folder`: for the tarballs. */
async function startRegistry ({ addon, folder }) {
  const upstream = npm('config', 'get', 'registry').trim().replace(/\/$/, '')
  const server = http.createServer((request, response) => {
    reply(request, response).catch(error => {
      response.statusCode = 502
      response.end(error.message)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  const packages = packAll({ addon, folder, url })

  async function reply ({ url: address, headers }, response) {
    const { pathname } = new URL(address, url)
    const [name, tarball] = decodeURIComponent(pathname).slice(1).split('/-/')
    const own = packages.get(name)
    if (own && tarball) return fs.createReadStream(own.file).pipe(response)
    if (own) return response.setHeader('content-type', 'application/json').end(JSON.stringify(own.packument))
    await passOn(address, headers, response)
  }

  /** Tarballs that the other registry names come through here, too: who asks need not reach it. */
  async function passOn (address, { accept = '*/*' }, response) {
    const found = await fetch(upstream + address, { headers: { accept } })
    const type = found.headers.get('content-type') ?? 'application/octet-stream'
    response.writeHead(found.status, { 'content-type': type })
    if (!type.includes('json')) return Readable.fromWeb(found.body).pipe(response)
    const text = await found.text()
    response.end(text.replaceAll(`${upstream}/`, `${url}/`))
  }

  function stop () {
    server.close()
    server.closeAllConnections()
  }

  return { url, stop }
}

/** Maps names to `{ packument, file }`. Platform packages for other machines have no addon in them. */
function packAll ({ addon, folder, url }) {
  const packages = layOut({ addons: { [currentPlatform()]: addon }, folder })
  return new Map(packages.map(({ name, folder: contents }) => [name, pack(contents, url)]))
}

function pack (contents, url) {
  const manifest = JSON.parse(fs.readFileSync(path.join(contents, 'package.json'), 'utf8'))
  const { name, version } = manifest
  const file = path.join(contents, '..', 'packed.tgz')
  execFileSync('tar', ['-czf', file, '-C', path.dirname(contents), 'package'])
  const integrity = `sha512-${crypto.createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`
  const dist = { integrity, tarball: `${url}/${name}/-/${name}-${version}.tgz` }
  const packument = { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
  return { file, packument }
}

module.exports = { startRegistry }
