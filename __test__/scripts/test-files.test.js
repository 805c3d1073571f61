'use strict'

// Where there is one server, and no mongod to start others, the tests that would start one are left out.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { testFiles } = require('../../scripts/test-files')

const root = path.join(__dirname, '../..')

/** Where the helpers are by which a test starts a mongod, itself or in another process. */
const DEFINERS = ['scripts/mongodb.js', '__test__/helpers/mongod.js', '__test__/helpers/demo.js'].map(name => path.join(root, name))

/** Their names. */
const starters = DEFINERS.flatMap(file => Object.keys(require(file))).filter(name => /^(start|create)[A-Z]/.test(name))

test('with the shared server alone, no test calls what starts another, itself or through a helper', () => {
  assert.equal(starters.length, 6)
  const pattern = new RegExp(`\\b(${starters.join('|')})\\b`)
  const starting = testFiles({ sharedServerOnly: true })
    .filter(name => usedBy(path.join(root, name)).some(file => pattern.test(fs.readFileSync(file, 'utf8'))))
  assert.deepEqual(starting, [])
})

test('those that need no other server are tried', () => {
  const [all, some] = [testFiles(), testFiles({ sharedServerOnly: true })]
  for (const name of ['store/ttl.test.js', 'backends/tls.test.js', 'package/release.test.js']) {
    assert.ok(some.includes(path.join('__test__', name)), name)
  }
  assert.ok(some.length > all.length / 2, `${some.length} of ${all.length}`)
})

/** A file and the helpers of __test__ that it requires, and these, but for the definers. */
function usedBy (file, found = new Set()) {
  if (found.has(file) || DEFINERS.includes(file)) return [...found]
  found.add(file)
  for (const [, request] of fs.readFileSync(file, 'utf8').matchAll(/require\('(\.[^']+)'\)/g)) {
    const required = path.resolve(path.dirname(file), request).replace(/(\.js)?$/, '.js')
    // Without what a test writes for a process that it starts.
    if (required.startsWith(path.join(root, '__test__')) && fs.existsSync(required)) usedBy(required, found)
  }
  return [...found]
}
