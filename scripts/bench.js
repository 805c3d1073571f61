'use strict'

// npm run bench [-- argument…]: benchmark/index.js, on a mongod of its own unless MONGODB_URL names one.

const { readOptions, USAGE } = require('../benchmark/options')
const { build } = require('./build')
const { ensureDependencies } = require('./dependencies')
const { main, run } = require('./run')

main(async () => {
  const args = process.argv.slice(2)
  // Before anything that takes minutes: a typing error shows at once.
  if (readOptions(args).help) return void console.log(USAGE)

  await ensureDependencies()
  await build('release')
  const mongod = process.env.MONGODB_URL ? null : await require('./mongodb').createStandalone()
  try {
    const MONGODB_URL = process.env.MONGODB_URL || mongod.getUri()
    return await run(process.execPath, ['benchmark/index.js', ...args], { MONGODB_URL })
  } finally {
    await mongod?.stop()
  }
})
