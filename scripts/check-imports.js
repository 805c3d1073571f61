'use strict'

// node scripts/check-imports.js: which room of lib/ uses which. A room is a folder or a file in lib/; it may
// use those below it, and no two files may lead to each other.

const fs = require('node:fs')
const path = require('node:path')
const { root, main } = require('./run')

/** From top to bottom. */
const ROOMS = [
  'migrate', 'factory', 'store', 'dialects', 'driver-objects', 'crypto', 'backends', 'session', 'support'
]

/** Maps each file below a folder to the files there that it requires. Paths are relative to the folder. */
function importsOf (folder) {
  const files = fs.readdirSync(folder, { recursive: true })
    .map(name => name.split(path.sep).join('/'))
    .filter(name => name.endsWith('.js'))
    .sort()
  const known = new Set(files)
  return new Map(files.map(file => {
    const source = fs.readFileSync(path.join(folder, file), 'utf8')
    const required = Array.from(source.matchAll(/\brequire\('(\.[^']*)'\)/g), ([, name]) => {
      const target = path.posix.join(path.posix.dirname(file), name)
      return [target, `${target}.js`, path.posix.join(target, 'index.js')].find(candidate => known.has(candidate))
    })
    return [file, [...new Set(required)].filter(Boolean)]
  }))
}

/**
 * Compares imports, file by file, with rooms from top to bottom. `arrows`: each room's use of others;
 * `faults`: sentences that name the files.
 */
function checkImports (imports, rooms) {
  const roomOf = file => file.split('/')[0].replace(/\.\w+$/, '')
  const arrows = new Map(rooms.map(room => [room, new Set()]))
  const faults = []
  for (const [file, targets] of imports) {
    const from = rooms.indexOf(roomOf(file))
    if (from === -1) faults.push(`${file} is in no room`)
    for (const target of targets) {
      const to = rooms.indexOf(roomOf(target))
      if (from === -1 || to === -1 || from === to) continue
      arrows.get(rooms[from]).add(rooms[to])
      if (to < from) faults.push(`${file} requires ${target}, which is above it`)
    }
  }
  return { arrows, faults: [...faults, ...circlesIn(imports)] }
}

/** Walks the imports depth first; a file that is met again on the way to itself closes a circle. */
function circlesIn (imports) {
  const circles = []
  const finished = new Set()
  const visit = (file, way) => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → ') + ' is a circle')
    if (way.includes(file) || finished.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...way, file])
    finished.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return circles
}

if (require.main === module) {
  main(async () => {
    const { arrows, faults } = checkImports(importsOf(path.join(root, 'lib')), ROOMS)
    for (const [room, used] of arrows) console.log(`${room} → ${ROOMS.filter(one => used.has(one)).join(', ') || 'nothing'}`)
    if (faults.length > 0) throw new Error(faults.join('\n'))
  })
}

module.exports = { checkImports }
