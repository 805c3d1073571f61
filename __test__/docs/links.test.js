'use strict'

// Links of the pages lead somewhere, on npm too, where only what is packed has a relative address.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')

const { headingsOf, linksOf, pages, referencesOf, root } = require('../helpers/pages')
const manifest = require('../../package.json')

/** Where the repository is. Its owner is a placeholder for now, the same everywhere. */
const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '')
const blob = `${repository}/blob/main/`

/** Files and folders that npm packs, but for what it always does. */
const PACKED = [...manifest.files, 'LICENSE', 'README.md', 'package.json']

const platforms = fs.readdirSync(path.join(root, 'npm'))

/** The pages that npm shows. */
const ON_NPM = ['README.md', ...platforms.map(platform => `npm/${platform}/README.md`)]

/** Where a link of a page leads, as `{ file, anchor }`, or null if that is not in the repository. */
function targetOf (page, link) {
  const [address, anchor] = link.split('#')
  if (address.startsWith(blob)) return { file: address.slice(blob.length), anchor }
  if (/^[a-z]+:/.test(address)) return null
  return { file: address === '' ? page : path.posix.join(path.posix.dirname(page), address), anchor }
}

describe('each link leads to a file, and to a heading in it', () => {
  for (const page of [...pages(), ...ON_NPM.slice(1), 'benchmark/README.md']) {
    test(page, () => {
      for (const link of linksOf(page)) {
        const target = targetOf(page, link)
        if (target === null) continue
        assert.ok(fs.existsSync(path.join(root, target.file)), `${link}: there is no ${target.file}`)
        if (target.anchor === undefined) continue
        const headings = headingsOf(target.file)
        assert.ok(headings.includes(target.anchor), `${link}: ${target.file} has only ${headings.join(', ')}`)
      }
    })
  }
})

for (const page of ON_NPM) {
  test(`${page}: what is not packed is linked to in the repository`, () => {
    for (const link of linksOf(page)) {
      if (/^[a-z]+:|^#/.test(link)) continue
      const file = link.split('#')[0]
      assert.ok(PACKED.some(packed => file === packed || file.startsWith(`${packed}/`)), `${link}: write ${blob}${file}`)
    }
  })
}

test('the README defines the links that it refers to by a name, and no other', () => {
  const { used, defined } = referencesOf('README.md')
  assert.deepEqual([...new Set(used)].sort(), defined.sort())
})

test('the README lists every page of docs/', () => {
  const linked = linksOf('README.md').map(link => targetOf('README.md', link)?.file)
  const missing = pages().filter(page => page !== 'README.md' && !linked.includes(page))
  assert.deepEqual(missing, [])
})

test('the packages name one repository', () => {
  assert.match(repository, /^https:\/\/github\.com\/[\w-]+\/connect-mongo-native$/)
  assert.equal(manifest.homepage, `${repository}#readme`)
  assert.equal(manifest.bugs, `${repository}/issues`)
  for (const platform of platforms) {
    const own = require(`../../npm/${platform}/package.json`)
    assert.deepEqual(own.repository, { ...manifest.repository, directory: `npm/${platform}` })
    assert.deepEqual([own.homepage, own.bugs], [manifest.homepage, manifest.bugs])
  }
})

test('no file names another repository', () => {
  const owner = repository.split('/').at(-2)
  const SOURCES = ['.', 'docs', 'lib', 'src', 'bin', 'scripts', 'benchmark', 'demo', 'types', 'npm', 'site', '.github']
  const files = SOURCES.filter(folder => fs.existsSync(path.join(root, folder))).flatMap(folder => {
    const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true, recursive: folder !== '.' })
    return entries.filter(entry => entry.isFile() && /\.(md|json|toml|[cm]?[jt]s|rs|ya?ml)$/.test(entry.name))
      .map(entry => path.join(entry.parentPath ?? entry.path, entry.name))
  })
  assert.ok(files.length > 100)
  for (const file of files) {
    for (const [, named] of fs.readFileSync(file, 'utf8').matchAll(/github(?:usercontent)?\.com[/:]([\w-]+)\/connect-mongo-native\b/g)) {
      assert.equal(named, owner, file)
    }
  }
})
