'use strict'

const { join, modulesOf } = require('./modules')

// Which file of src/ uses which.

/** Rooms that decide: no runtime, no driver and no Node.js is named there. */
const PURE = ['session', 'schedule', 'command']
const UNSAFE_FILES = ['node/bridge.rs', 'node/strings.rs']

/**
 * Maps each file to the files that it uses. A path through a re-export leads to the file that defines the
 * name. `sources` maps files, relative to src/, to their text.
 */
function rustImports (sources) {
  const modules = modulesOf(sources)
  const imports = new Map(Array.from(modules.values(), ({ file }) => [file, new Set()]))
  for (const module of modules.values()) {
    const used = imports.get(module.file)
    for (const use of module.uses) {
      const target = resolve(modules, module, use.path)
      if (target !== undefined && !isListing(module, use, target)) used.add(target.file)
    }
    for (const path of module.paths) {
      const target = resolve(modules, module, path)
      if (target !== undefined) used.add(target.file)
    }
  }
  return new Map(Array.from(imports, ([file, used]) => [file, [...used].filter(target => target !== file)]))
}

/** What a mod.rs re-exports from below itself is the listing of its room. */
function isListing ({ file, path }, { isPublic }, target) {
  return isPublic && /(^|\/)(mod|lib)\.rs$/.test(file) && (path === '' || target.path.startsWith(`${path}::`))
}

/** The module that defines what a path names; undefined for what is of another crate, or no path at all. */
function resolve (modules, module, path, visited = new Set()) {
  const visit = `${module.path} ${path.join('::')}`
  if (visited.has(visit)) return undefined
  visited.add(visit)
  const start = startOf(modules, module, path)
  if (start === undefined) return undefined
  let { at, rest } = start
  for (; rest.length > 0; rest = rest.slice(1)) {
    const found = lookUp(modules, at, rest[0], visited)
    // What is neither a module nor imported is defined there.
    if (found === undefined) return rest === path ? undefined : at
    if (found.isItem) return found.module
    at = found.module
  }
  return at
}

/** Where a path begins, and what is left of it then. */
function startOf (modules, module, path) {
  let [at, rest] = [module, path]
  if (rest[0] === 'crate') return { at: modules.get(''), rest: rest.slice(1) }
  if (rest[0] === 'self') rest = rest.slice(1)
  while (rest[0] === 'super') {
    at = modules.get(at.path.split('::').slice(0, -1).join('::'))
    rest = rest.slice(1)
  }
  return at && { at, rest }
}

/** What a name means in a module: a module below it, or what a `use` brings in. */
function lookUp (modules, module, name, visited) {
  const child = modules.get(join(module.path, name))
  if (child !== undefined && module.children.has(name)) return { module: child, isItem: false }
  for (const use of module.uses) {
    if (use.isGlob || use.name !== name || use.path[0] === name) continue
    const target = resolve(modules, module, use.path, visited)
    // A module is known by its last name; anything else is an item of the module that was found.
    if (target !== undefined) return { module: target, isItem: !isModule(target, use.path) }
  }
  for (const { isGlob, path } of module.uses) {
    const target = isGlob ? resolve(modules, module, path, visited) : undefined
    const found = target && target !== module && lookUp(modules, target, name, visited)
    if (found !== undefined) return found
  }
  return undefined
}

function isModule ({ path }, used) {
  return path.split('::').at(-1) === used.at(-1) || ['self', 'super', 'crate'].includes(used.at(-1))
}

/** Sentences on what is named where it may not be. */
function misplacedNames (sources) {
  const faults = []
  for (const { file, path, names } of modulesOf(sources).values()) {
    const room = path.split('::')[0]
    const named = (what, rule) => faults.push(`src/${file} names ${what}, which ${rule}`)
    if (names.has('unsafe') && !UNSAFE_FILES.includes(file)) named('unsafe', `only src/${UNSAFE_FILES.join(' and src/')} may`)
    for (const crate of ['napi', 'napi_derive']) {
      if (names.has(crate) && room !== 'node') named(crate, 'only src/node may')
    }
    for (const crate of ['tokio', 'mongodb']) {
      if (names.has(crate) && PURE.includes(room)) named(crate, `no room that decides may (${PURE.join(', ')})`)
    }
  }
  return faults
}

/** lib.rs declares the rooms, and has nothing else. */
function contentsOfRoot (sources) {
  const root = modulesOf(new Map([['lib.rs', sources.get('lib.rs') ?? '']])).get('')
  const isEmpty = root.uses.length === 0 && root.paths.length === 0
  return isEmpty ? [] : ['src/lib.rs may only declare rooms: it uses something itself']
}

module.exports = { contentsOfRoot, misplacedNames, rustImports }
