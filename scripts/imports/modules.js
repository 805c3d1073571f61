'use strict'

const { tokensOf } = require('./tokens')

// The modules of Rust source, each with what it names: its `mod` declarations, its `use` trees and the paths
// in its code. Modules that are compiled for tests alone are left out.

const NAME = /^[A-Za-z_]\w*$/

/**
 * Maps each module's path ('' for the crate's root, 'schedule::window') to
 * `{ file, isInline, children, uses, paths, names }`. `sources` maps files, relative to src/, to their text.
 */
function modulesOf (sources) {
  const modules = new Map()
  for (const [file, source] of sources) {
    const tokens = tokensOf(source)
    new Parser(modules, file, tokens).module(modulePath(file), 0, tokens.length)
  }
  for (const { path, testOnly } of [...modules.values()]) {
    for (const name of testOnly) {
      const left = join(path, name)
      for (const path of modules.keys()) {
        if (path === left || path.startsWith(`${left}::`)) modules.delete(path)
      }
    }
  }
  return modules
}

/** Both `mongo.rs` and `mongo/mod.rs` are `mongo`. */
function modulePath (file) {
  if (file === 'lib.rs') return ''
  return file.replace(/(\/mod)?\.rs$/, '').replaceAll('/', '::')
}

function join (path, name) {
  return path === '' ? name : `${path}::${name}`
}

class Parser {
  #modules
  #file
  #tokens

  constructor (modules, file, tokens) {
    this.#modules = modules
    this.#file = file
    this.#tokens = tokens
  }

  /** Reads the tokens from `at` to `end` as those of the module `path`. */
  module (path, at, end, isInline = false) {
    const module = {
      path, file: this.#file, isInline, children: new Set(), testOnly: new Set(), uses: [], paths: [], names: new Set()
    }
    this.#modules.set(path, module)
    const tokens = this.#tokens
    while (at < end) {
      if (tokens[at] === 'mod' && NAME.test(tokens[at + 1])) at = this.#declaration(module, at)
      else if (tokens[at] === 'use') at = this.#use(module, at)
      else if (NAME.test(tokens[at])) at = this.#path(module, at)
      else at++
    }
  }

  /** `mod name;` or `mod name { … }`. */
  #declaration (module, at) {
    const name = this.#tokens[at + 1]
    const opens = this.#tokens[at + 2] === '{'
    const end = opens ? this.#closing(at + 2) : at + 3
    if (this.#isForTests(at)) {
      if (!opens) module.testOnly.add(name)
      return end
    }
    module.children.add(name)
    if (opens) this.module(join(module.path, name), at + 3, end - 1, true)
    return end
  }

  /** Whether `#[cfg(test)]` stands before a declaration, with other attributes and `pub` between them. */
  #isForTests (at) {
    const before = this.#tokens.slice(0, at).join(' ')
    return /# \[ cfg \( test \) \]( # \[ [^;{}]* \])*( pub( \( \w+ \))?)?$/.test(before)
  }

  #closing (at) {
    let depth = 0
    do {
      if (this.#tokens[at] === '{') depth++
      if (this.#tokens[at] === '}') depth--
      at++
    } while (depth > 0 && at < this.#tokens.length)
    return at
  }

  #use (module, at) {
    const isPublic = this.#tokens[at - 1] === 'pub' || this.#tokens[at - 1] === ')'
    const end = this.#tokens.indexOf(';', at)
    this.#tree(module, { isPublic }, [], at + 1)
    return end + 1
  }

  /** One branch of a `use`. Returns where it ends. */
  #tree (module, use, prefix, at) {
    const tokens = this.#tokens
    if (tokens[at] === '::') at++
    const path = [...prefix]
    for (;;) {
      if (tokens[at] === '{') {
        at++
        while (tokens[at] !== '}') {
          at = this.#tree(module, use, path, at)
          if (tokens[at] === ',') at++
        }
        return at + 1
      }
      if (tokens[at] === '*') {
        module.uses.push({ ...use, path, isGlob: true })
        return at + 1
      }
      // `self` at the end of a branch is the module before it.
      if (tokens[at] !== 'self' || path.length === 0) path.push(tokens[at])
      module.names.add(path[0])
      at++
      if (tokens[at] === '::') {
        at++
        continue
      }
      const renamed = tokens[at] === 'as'
      module.uses.push({ ...use, path, name: renamed ? tokens[at + 1] : path.at(-1), isGlob: false })
      return renamed ? at + 2 : at
    }
  }

  /** A name in code, with what follows it by `::`. */
  #path (module, at) {
    const tokens = this.#tokens
    const isMember = tokens[at - 1] === '.' || tokens[at - 1] === '::'
    const path = [tokens[at]]
    while (tokens[at + 1] === '::' && NAME.test(tokens[at + 2] ?? '')) {
      path.push(tokens[at + 2])
      at += 2
    }
    if (!isMember) {
      module.names.add(path[0])
      if (path.length > 1) module.paths.push(path)
    }
    return at + 1
  }
}

module.exports = { join, modulesOf }
