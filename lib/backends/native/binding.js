'use strict'

const path = require('path')
const { file, packageFolder, requireFile } = require('../../support/location')
const { packages, currentPlatform } = require('./platforms')
const { version } = require('../../../package.json')

const platform = currentPlatform()
const override = process.env.CONNECT_MONGO_NATIVE_LIBRARY_PATH

// In order of preference. When the override is set, no other file is tried.
const candidates = override
  ? [[override, () => requireFile(path.resolve(override))]]
  : [
      [`connect-mongo-native.${platform}.node`, () => requireFile(addonFile())],
      [`connect-mongo-native-${platform}`, packages[platform] ?? (() => { throw new Error('no such package') })]
    ]

/**
 * What `npm run build` makes in a clone, or what was put beside a bundle. The published package has no such
 * file.
 */
function addonFile () {
  return path.join(packageFolder ?? path.dirname(file), `connect-mongo-native.${platform}.node`)
}

/** What the addon is not needed for. */
const WITHOUT = [
  'Without it a connection of your own works (`client`, `db`, `mongooseConnection` …), and so does a URL with the option',
  "backend: 'driver' and the package mongodb: one operation a command, so that it is slower."
]

module.exports = load()

function load () {
  const causes = []
  for (const [name, open] of candidates) {
    try {
      const opened = open()
      const binding = opened.default ?? opened // an ES module, as some bundlers' plugins make of an addon
      if (binding.version === version) return binding
      throw new Error(`it is of version ${binding.version}, but connect-mongo-native of ${version}`)
    } catch (error) {
      causes.push([name, error])
    }
  }
  const tried = causes.map(([name, error]) => `  ${name}: ${error.message.split('\n', 1)[0]}`)
  throw new Error(
    [`connect-mongo-native found no native addon for ${platform}. Tried:`, ...tried, ...remedies(), ...WITHOUT].join('\n'),
    { cause: new AggregateError(causes.map(([, error]) => error)) }
  )
}

function remedies () {
  if (override) return ['CONNECT_MONGO_NATIVE_LIBRARY_PATH must name an addon of this version, or be unset.']
  if (!packages[platform]) {
    return [
      `Addons are published for ${Object.keys(packages).join(', ')}.`,
      'Elsewhere, run `npm run build` in a clone and name its result in CONNECT_MONGO_NATIVE_LIBRARY_PATH.'
    ]
  }
  return [
    'The addon is an optional dependency of this package. It is missing when npm was run with',
    '`--omit=optional` or `--no-optional`, when node_modules comes from another platform (a Docker build',
    'that copies it), or by npm/cli#4828. Install on the machine that runs the app; if that does not help,',
    'remove node_modules and package-lock.json first. In a clone, run `npm run build`.'
  ]
}
