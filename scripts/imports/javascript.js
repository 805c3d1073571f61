'use strict'

const path = require('node:path')

// Which file of lib/ requires which.

/** Maps each file to the files that it requires. `sources` maps files, relative to lib/, to their text. */
function javascriptImports (sources) {
  return new Map(Array.from(sources, ([file, source]) => {
    const required = Array.from(source.matchAll(/\brequire\('(\.[^']*)'\)/g), ([, name]) => {
      const target = path.posix.join(path.posix.dirname(file), name)
      return [target, `${target}.js`, path.posix.join(target, 'index.js')].find(candidate => sources.has(candidate))
    })
    return [file, [...new Set(required)].filter(Boolean)]
  }))
}

module.exports = { javascriptImports }
