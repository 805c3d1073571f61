'use strict'

// npm run fuzz                          rows, replies and configurations made up by libFuzzer, under
//                                       AddressSanitizer: a minute each (Linux, x64)
// npm run fuzz -- [<target>…] [--seconds <n>]
//
// What is found goes to target/fuzz/found/. What reaches more of the code is added to fuzz/corpus/, with
// which every run begins; `--seconds 0` only replays that.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { root, main, run } = require('./run')

const FOLDER = path.join(root, 'fuzz')
const OUT = path.join(root, 'target', 'fuzz')
const FOUND = path.join(OUT, 'found')
const TARGET = 'x86_64-unknown-linux-gnu'

/** What cargo-fuzz would pass. A stable compiler takes sanitizers only as if it were a nightly one. */
const ENV = {
  RUSTC_BOOTSTRAP: '1',
  RUSTFLAGS: [
    '-Zsanitizer=address', '-Cpasses=sancov-module', '-Cllvm-args=-sanitizer-coverage-level=4',
    '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters', '-Cllvm-args=-sanitizer-coverage-pc-table',
    '-Cllvm-args=-sanitizer-coverage-trace-compares', '--cfg=fuzzing', '-Ccodegen-units=1'
  ].join(' '),
  CARGO_TARGET_DIR: OUT
}

/** What a store may take is more than libFuzzer's 4 KiB, and small inputs find the same. */
const MAX_BYTES = 4096

main(async () => {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '60' } }, allowPositionals: true
  })
  const targets = fs.readdirSync(path.join(FOLDER, 'corpus')).sort()
  const unknown = positionals.find(name => !targets.includes(name))
  if (unknown !== undefined) throw new Error(`There is no target ${unknown}: ${targets.join(', ')}`)
  const chosen = positionals.length > 0 ? positionals : targets

  const args = ['build', '--release', '--locked', '--target', TARGET, '--manifest-path', path.join(FOLDER, 'Cargo.toml')]
  if (await run('cargo', args, ENV) !== 0) throw new Error('The fuzz targets could not be built.')
  fs.mkdirSync(FOUND, { recursive: true })
  for (const target of chosen) {
    console.log(`\n${target}`)
    const limit = Number(values.seconds) > 0 ? `-max_total_time=${values.seconds}` : '-runs=0'
    const code = await run(path.join(OUT, TARGET, 'release', target), [
      path.join(FOLDER, 'corpus', target), limit, `-max_len=${MAX_BYTES}`, '-rss_limit_mb=4096', '-timeout=10',
      '-reduce_inputs=1', '-print_final_stats=1', '-verbosity=0', `-artifact_prefix=${FOUND}/${target}-`
    ])
    if (code !== 0) throw new Error(`${target} has found something: see target/fuzz/found/`)
  }
})
