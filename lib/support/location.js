'use strict'

const fs = require('fs')
const { createRequire } = require('module')
const path = require('path')
const { fileURLToPath } = require('url')

// Where this code runs: in the files of its package, or in a bundle, which has none of them.

const file = currentFile()

/** The package's folder; undefined in a bundle. */
const packageFolder = path.basename(file) === 'location.js' && fs.existsSync(file)
  ? path.join(path.dirname(file), '..', '..')
  : undefined

/**
 * `require` for a file whose name is known only when the app runs. Tools that trace `require` do not look for
 * it.
 */
const requireFile = createRequire(file)

/** The file that runs: this one, or the bundle. Some bundlers make `__filename` up. */
function currentFile () {
  if (typeof __filename === 'string' && path.isAbsolute(__filename)) return __filename
  // A bundle that is an ES module. It has no `__filename`, and what it has instead is an error in this file.
  const url = /file:\/\/.*?(?=:\d+:\d+)/.exec(new Error().stack)
  return url === null ? path.resolve(process.argv[1] ?? 'bundle.js') : fileURLToPath(url[0])
}

module.exports = { file, packageFolder, requireFile }
