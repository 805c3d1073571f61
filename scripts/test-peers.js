'use strict'

// npm run test:peers             beside the real packages: connect-mongo, session-mongoose, the driver,
//                                Mongoose, Express and Connect of many versions
// npm run test:peers -- <file>…  only these files

const fs = require('node:fs')
const path = require('node:path')
const { ensureDependencies } = require('./dependencies')
const { root, main, run } = require('./run')

const FOLDER = path.join('__test__', 'peers')

main(async () => {
  await ensureDependencies()
  // Apart from the rest: they take their time to install, and nobody needs them for anything else. Without
  // the optional ones, which no longer compile, and then stop old drivers from loading.
  for (const peers of ['versions', 'session-mongoose']) {
    await ensureDependencies(path.join(FOLDER, peers), ['--omit=optional', '--ignore-scripts'])
  }
  await ensureDependencies(path.join(FOLDER, 'crypto'))
  const given = process.argv.slice(2)
  const files = given.length > 0 ? given : [path.join('__test__', 'dialects', 'interop.test.js'), ...peerTests()]
  return run(process.execPath, ['scripts/test.js', ...files])
})

function peerTests () {
  return fs.readdirSync(path.join(root, FOLDER))
    .filter(name => name.endsWith('.test.js'))
    .map(name => path.join(FOLDER, name))
}
