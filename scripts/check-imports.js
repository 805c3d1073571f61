'use strict'

// node scripts/check-imports.js            which room of lib/ and of src/ uses which
// node scripts/check-imports.js --mermaid  the same as a picture, which docs/architecture.md shows
// node scripts/check-imports.js --files    the same file by file
//
// Fails where a file uses what is above it, where files lead to each other, and where a file names what only
// other rooms may.

const fs = require('node:fs')
const path = require('node:path')
const { javascriptImports } = require('./imports/javascript')
const { asMermaid, asText, checkRooms } = require('./imports/rooms')
const { contentsOfRoot, misplacedNames, rustImports } = require('./imports/rust')
const { root, main } = require('./run')

/** From top to bottom. */
const ROOMS_OF_LIB = [
  'cli', 'migrate', 'factory', 'store', 'dialects', 'driver-objects', 'conflicts', 'crypto', 'backends', 'session',
  'support'
]
const ROOMS_OF_SRC = ['node', 'store', 'mongo', 'options', 'command', 'schedule', 'session', 'error', 'sync']

/** Maps the files below a folder to their text. Paths are relative to the folder. */
function sourcesIn (folder, extension) {
  const files = fs.readdirSync(folder, { recursive: true })
    .map(name => name.split(path.sep).join('/'))
    .filter(name => name.endsWith(extension))
    .sort()
  return new Map(files.map(file => [file, fs.readFileSync(path.join(folder, file), 'utf8')]))
}

/** `{ imports, arrows, faults }` of src/, by its sources. */
function checkRust (sources) {
  const imports = rustImports(sources)
  const rooms = new Map(Array.from(imports).filter(([file]) => file !== 'lib.rs'))
  const { arrows, faults } = checkRooms(rooms, ROOMS_OF_SRC)
  return { imports, arrows, faults: [...faults, ...misplacedNames(sources), ...contentsOfRoot(sources)] }
}

/** The same of lib/. */
function checkJavascript (sources) {
  const imports = javascriptImports(sources)
  return { imports, ...checkRooms(imports, ROOMS_OF_LIB) }
}

/** lib/ and src/ of this clone. */
function checkHouses () {
  return {
    lib: checkJavascript(sourcesIn(path.join(root, 'lib'), '.js')),
    src: checkRust(sourcesIn(path.join(root, 'src'), '.rs'))
  }
}

function picture ({ lib, src }) {
  return asMermaid({ lib: lib.arrows, src: src.arrows }, [[['lib', 'backends'], 'the addon', ['src', 'node']]])
}

if (require.main === module) {
  main(async () => {
    const [option] = process.argv.slice(2)
    const houses = checkHouses()
    if (option === '--mermaid') {
      console.log(picture(houses))
    } else {
      for (const [name, { arrows, imports }] of Object.entries(houses)) {
        console.log(`${name}/, from top to bottom:\n${asText(option === '--files' ? imports : arrows)}\n`)
      }
    }
    const faults = Object.entries(houses).flatMap(([name, { faults }]) => faults.map(fault => `${name}: ${fault}`))
    if (faults.length > 0) throw new Error(faults.join('\n'))
  })
}

module.exports = { checkHouses, checkJavascript, checkRust, picture }
