'use strict'

// npm run build:for -- <target>…  the published addon of a platform, into artifacts/, with napi-rs's own tool
// npm run build:for -- linux      those of all targets with this text in their names
//
// Linux's are built on Linux x64, with zig for a linker and C compiler: for musl, and for glibc 2.17 on.
// macOS's are built on macOS, and Windows's on Windows.

const fs = require('node:fs')
const path = require('node:path')
const { ensureDependencies } = require('../dependencies')
const { once } = require('../downloads')
const { root, main, run, step } = require('../run')
const { GLIBC_FLOOR, checkGlibc, glibcVersions, platformOf } = require('./binary')
const { addonName, platforms } = require('./targets')

const ARTIFACTS = path.join(root, 'artifacts')

/** From PyPI, with the hashes of their wheels for Linux x64: zig itself, and what makes cargo use it. */
const ZIG = {
  'ziglang==0.17.1': 'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
  'cargo-zigbuild==0.24.1': '238a1ab54a95053a4eadc34775c81f795a8ad75f80bfed63f3f445f518102375'
}

main(async () => {
  await ensureDependencies()
  const wanted = process.argv.slice(2)
  const targets = Object.keys(platforms).filter(target => wanted.some(text => target.includes(text)))
  if (targets.length === 0) throw new Error(`Name a target, or a part of its name: ${Object.keys(platforms).join(', ')}`)
  for (const target of targets) await buildFor(target)
})

async function buildFor (target) {
  const platform = platforms[target]
  const usesZig = target.includes('linux')
  const spelled = target.endsWith('-linux-gnu') ? `${target}.${GLIBC_FLOOR}` : target
  await step('rustup', ['target', 'add', target])
  const args = [
    'run', '--silent', 'napi', '--', 'build', '--platform', '--release', '--no-js', '--target', spelled,
    ...usesZig ? ['--cross-compile'] : [], '--output-dir', ARTIFACTS, '--', '--lib', '--locked'
  ]
  const env = usesZig ? { PATH: [await zigFolder(), process.env.PATH].join(path.delimiter) } : {}
  const npm = process.env.npm_execpath
  const code = await (npm?.endsWith('.js') ? run(process.execPath, [npm, ...args], env) : run('npm', args, env))
  if (code !== 0) throw new Error(`There is no addon for ${target}.`)
  report(path.join(ARTIFACTS, addonName(platform)), platform)
}

/** What was built is what was asked for. */
function report (file, platform) {
  const found = platformOf(file)
  if (found !== platform) throw new Error(`${file} is for ${found}.`)
  const notes = [`${(fs.statSync(file).size / 2 ** 20).toFixed(1)} MiB`]
  if (platform.endsWith('-gnu')) {
    checkGlibc(file)
    notes.push(`glibc ${glibcVersions(file).at(-1)} or newer`)
  }
  console.log(`${path.relative(root, file)}: ${notes.join(', ')}`)
}

/** Resolves with a folder that has `zig` and `cargo-zigbuild`, for the path. */
async function zigFolder () {
  const folder = await once(`zig-${Object.keys(ZIG).join('-').replaceAll('==', '-')}`, async (temporary, result) => {
    console.log('Fetching zig (100 MB, once)…')
    const missing = 'Linux addons are built with zig, from PyPI: it takes Python 3 with pip.'
    const requirements = path.join(temporary, 'requirements.txt')
    fs.writeFileSync(requirements, Object.entries(ZIG).map(([wheel, hash]) => `${wheel} --hash=sha256:${hash}\n`).join(''))
    const args = ['--quiet', '--no-deps', '--require-hashes', '--target', result, '--requirement', requirements]
    await step('python3', ['-m', 'pip', 'install', ...args], { missing })
    fs.symlinkSync('../ziglang/zig', path.join(result, 'bin', 'zig'))
  })
  return path.join(folder, 'bin')
}
