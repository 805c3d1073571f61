'use strict'

// What the pages list is what the code has.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { read, root } = require('../helpers/pages')

/** The text of all sources in a folder, by file; of Rust without the tests in it. */
function sourcesOf (folder, extension) {
  return fs.readdirSync(path.join(root, folder), { recursive: true })
    .filter(name => name.endsWith(extension) && !/(^|[/\\])tests/.test(name))
    .map(name => fs.readFileSync(path.join(root, folder, name), 'utf8').split('#[cfg(test)]')[0])
}

const javascript = sourcesOf('lib', '.js').join('\n')
const rust = sourcesOf('src', '.rs').join('\n')
const sources = `${javascript}\n${rust}`

const found = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort()

/** The names in the first column of a page's tables. */
const listed = (page, pattern) => found(read(page).replace(/^(?!\|).*$/gm, '').replace(/^(\| [^|]*\|).*$/gm, '$1'), pattern)

test('each warning of the code is on the page, and no other', () => {
  const codes = found(sources, /['"](CONNECT_MONGO_[A-Z_]+)['"]/g)
  assert.ok(codes.length >= 7, String(codes))
  assert.deepEqual(listed('docs/errors.md', /`(CONNECT_MONGO_\w+)`/g), codes)
})

test('each name that the code gives to an error is on the page, and no other', () => {
  const made = [
    ...found(javascript, /makeError\(\s*'(\w+)'/g), ...found(javascript, /\bname = '(\w+Error)'/g),
    ...found(rust, /Error::new\(\s*"(\w+)"/g), ...found(rust, /\bname: "(\w+Error)"/g),
    ...found(sources, /new ((?:Type|Range|Syntax)Error)\(/g)
  ]
  // Errors of no name of their own, and of `cause` alone.
  const names = [...new Set(made), 'Error'].sort()
  assert.ok(names.includes('MongoOperationTimeoutError') && names.includes('MongoParseError'), String(names))
  assert.deepEqual(listed('docs/errors.md', /`(\w*Error)`/g), names)
})

test('each code that the code gives to an error is on the page', () => {
  const constants = new Map([...rust.matchAll(/const (\w+): i32 = (\d+);/g)].map(([, name, value]) => [name, value]))
  const codes = [
    ...found(javascript, /\bcode(?: =|:) '?(\d+|ERR_\w+|MODULE_\w+)\b/g), ...found(javascript, /\bCODE = '(\w+)'/g),
    ...found(rust, /with_code\(([A-Z_]+)\)/g).map(name => constants.get(name))
  ]
  assert.ok(codes.includes('10334') && codes.includes('18') && codes.includes('MODULE_NOT_FOUND'), String(codes))
  const page = listed('docs/errors.md', /^\| `?(\w+)`? \|/gm)
  // 9 is for the scheduler: the statements are sent one by one then, and fail with errors of their own.
  for (const code of codes.filter(code => code !== '9')) assert.ok(page.includes(code), code)
})

test('each connection option that the core refuses is on the page', () => {
  const options = found(rust, /\("(\w+)", Refuse(?:WithTls)?\(/g)
  const others = found(rust, /refuse\("(\w+)"/g)
  const mechanisms = found(rust, /Some\("([A-Z-]+)"\) => Err\(refuse/g)
  assert.ok(options.includes('autoEncryption') && others.includes('servername') && mechanisms.includes('MONGODB-AWS'))
  const page = read('docs/connections.md')
  for (const name of [...options, ...others, ...mechanisms]) assert.ok(page.includes(`\`${name}\``), name)
})

test('the page on tests says which Jest is needed, as long as it is true', () => {
  const prefixed = /require\('node:/.test(javascript)
  assert.equal(read('docs/testing-your-app.md').includes('Jest 27.1 or newer'), prefixed)
})

test('the page on TypeScript names the versions that are tried', () => {
  const { devDependencies } = require('../../package.json')
  const majors = ['typescript-4.5', 'typescript-7'].map(name => devDependencies[name].match(/@(\d+(?:\.[1-9]\d*)?)\./)[1])
  assert.ok(read('docs/typescript.md').includes(`TypeScript ${majors.join(' to ')}`), String(majors))
})

test('each option and each event of the types is on its page', () => {
  const options = found(read('types/options.d.ts'), /^ {2}(\w+)\??: /gm)
  assert.ok(options.includes('mongoUrl') && options.includes('mongooseConnection') && options.includes('maxLifetime'))
  const page = read('docs/options.md') + read('docs/migrating-from-session-mongoose.md') + read('docs/encryption.md')
  assert.deepEqual(options.filter(name => !page.includes(`\`${name}\``)), [])
  const events = found(read('types/store.d.ts').match(/^ *on \(event.*/gm).join(), /'(\w+)'/g)
  assert.ok(events.includes('expire') && events.includes('gone'))
  const listedEvents = read('docs/events-and-methods.md')
  assert.deepEqual(events.filter(name => !listedEvents.includes(`\`${name}\``)), [])
})
