#!/usr/bin/env node
'use strict'

const { main } = require('../lib/cli')

for (const stream of [process.stdout, process.stderr]) {
  // Whoever reads may stop, as `head` does.
  stream.on('error', error => { if (error.code !== 'EPIPE') throw error })
}

main(process.argv.slice(2)).then(code => { process.exitCode = code })
