'use strict'

// npm run release:publish                what would be published, from the addons in artifacts/
// npm run release:publish -- --publish   publishes: in the release workflow, which has the right to
//
// May be run again after a failure: what is published already is left alone.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { root, main, step } = require('../run')
const { checkGlibc, platformOf } = require('./binary')
const { notesOf } = require('./changelog')
const { distTagOf, publishedVersions } = require('./dist-tag')
const { layOut } = require('./packages')
const { placeholdersIn } = require('./placeholders')
const { addonName, platforms } = require('./targets')
const manifest = require('../../package.json')

const { version } = manifest

const OPTIONS = {
  publish: { type: 'boolean', default: false },
  artifacts: { type: 'string', default: path.join(root, 'artifacts') }
}

main(async () => {
  const { values: { publish, artifacts } } = parseArgs({ options: OPTIONS })
  if (publish) checkTag()
  notesOf(version)
  const placeholders = placeholdersIn(manifest, fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'))
  if (publish && placeholders.length > 0) throw new Error(placeholders.join('\n'))
  const addons = checkedAddons(artifacts)
  const tag = distTagOf(version, publishedVersions(manifest.name))
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-publish-'))
  try {
    // The platform packages first: nobody shall get a package whose addon is not there yet.
    for (const { name, folder: contents } of layOut({ addons, folder })) {
      await publishOne(name, contents, { publish, tag })
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
  if (publish) return
  console.log(`\nDry run: nothing of ${version} was published. It would be npm's '${tag}'.`)
  for (const placeholder of placeholders) console.log(`Before it can be: ${placeholder}`)
})

/** What is published is what a tag names, so that everybody can build it. */
function checkTag () {
  const tag = `v${version}`
  const { GITHUB_REF_NAME } = process.env
  const tags = GITHUB_REF_NAME ? [GITHUB_REF_NAME] : tagsOfClone()
  if (!tags.includes(tag)) throw new Error(`Version ${version} is published from the tag ${tag} alone.`)
}

function tagsOfClone () {
  return execFileSync('git', ['tag', '--points-at', 'HEAD'], { cwd: root, encoding: 'utf8' }).split('\n')
}

/** The addon of each platform. Throws if one is missing, is for another machine, or needs a newer glibc. */
function checkedAddons (folder) {
  const files = Object.values(platforms).map(platform => [platform, path.join(folder, addonName(platform))])
  const addons = Object.fromEntries(files)
  const missing = Object.values(addons).filter(file => !fs.existsSync(file)).map(file => path.basename(file))
  if (missing.length > 0) throw new Error(`Not in ${folder}: ${missing.join(', ')}. \`npm run build:for\` makes them.`)
  for (const [platform, file] of Object.entries(addons)) {
    const found = platformOf(file)
    if (found !== platform) throw new Error(`${file} is for ${found}.`)
  }
  for (const [platform, file] of Object.entries(addons)) if (platform.endsWith('-gnu')) checkGlibc(file)
  return addons
}

async function publishOne (name, folder, { publish, tag }) {
  // In a dry run, too: npm 11 refuses even to try what is there.
  if (publishedVersions(name).includes(version)) return console.log(`${name}@${version} is published already.`)
  const options = publish ? ['--provenance'] : ['--dry-run']
  await step('npm', ['publish', folder, '--access', 'public', '--tag', tag, '--ignore-scripts', ...options])
}
