'use strict'

// What is too large for the repository, and fetched once: all clones of a user share it.

const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/** What `make(folder, result)` leaves as `result`, from the cache if it was made before. */
async function once (name, make) {
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  const cache = path.join(caches, 'connect-mongo-native')
  const kept = path.join(cache, name)
  if (fs.existsSync(kept)) return kept
  fs.mkdirSync(cache, { recursive: true })
  const folder = fs.mkdtempSync(path.join(cache, 'download-'))
  try {
    await make(folder, path.join(folder, name))
    // In one step: who finds it finds all of it.
    fs.renameSync(path.join(folder, name), kept)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
  return kept
}

/** Throws unless a file is the one that is expected. */
function verify (file, expected) {
  const sha256 = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  if (sha256 === expected) return
  throw new Error(`${path.basename(file)} has the SHA-256 ${sha256}, not the expected ${expected}.`)
}

module.exports = { once, verify }
