'use strict'

// npm run test:sanitizer                      the addon under AddressSanitizer, in all tests that share a
//                                             server (Linux x64, with gcc's libasan)
// npm run test:sanitizer -- <file or option>… only in these files, or with these options of `node --test`

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ensureDependencies } = require('./dependencies')
const { root, main, run } = require('./run')
const { withServer } = require('./shared-server')

const OUT = path.join(root, 'target', 'sanitizer')
const REPORTS = path.join(OUT, 'reports')
const TARGET = 'x86_64-unknown-linux-gnu'
const LIBRARY = path.join(OUT, TARGET, 'testing', 'libconnect_mongo_native.so')
const ADDON = path.join(OUT, 'connect-mongo-native.node')

/** A stable compiler takes sanitizers only as if it were a nightly one. */
const BUILD = { RUSTC_BOOTSTRAP: '1', RUSTFLAGS: '-Zsanitizer=address', CARGO_TARGET_DIR: OUT }

/** Everything is several times slower. */
const TEST = ['scripts/test.js', '--shared-server-only', '--test-timeout=900000']

main(async () => {
  await ensureDependencies()
  const build = ['build', '--lib', '--locked', '--profile', 'testing', '--target', TARGET]
  if (await run('cargo', build, BUILD) !== 0) throw new Error('The addon could not be built.')
  fs.copyFileSync(LIBRARY, ADDON)
  fs.rmSync(REPORTS, { recursive: true, force: true })
  fs.mkdirSync(REPORTS)
  // Here, or it would be preloaded into the server, too.
  const code = await withServer(server => run(process.execPath, [...TEST, ...process.argv.slice(2)], {
    ...server,
    CONNECT_MONGO_NATIVE_LIBRARY_PATH: ADDON,
    // Node.js has none of its own, so that the addon's comes too late.
    LD_PRELOAD: runtime(),
    // What is never freed is Node.js's. Not every process's stderr is looked at: hence the files.
    ASAN_OPTIONS: `detect_leaks=0:log_path=${path.join(REPORTS, 'report')}`
  }))
  const reports = fs.readdirSync(REPORTS)
  for (const report of reports) console.log(fs.readFileSync(path.join(REPORTS, report), 'utf8'))
  console.log(`AddressSanitizer: ${reports.length} reports.`)
  return code || Number(reports.length > 0)
})

function runtime () {
  return execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
}
