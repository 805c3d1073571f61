'use strict'

// node scripts/release/dist-tag.js  the tag by which npm gives out the version in package.json

const { main } = require('../run')
const { npm } = require('./packages')
const { name, version: current } = require('../../package.json')

/**
 * The tag of a version, beside those that npm has. Only the highest one is `latest`, which is what everybody
 * gets. A pre-release goes by its identifier: `rc` of 1.2.3-rc.1. What mends an older line goes by that
 * line: `v1-latest`, or `v1.2-latest` if there is a higher minor of its major.
 */
function distTagOf (version, published) {
  const preRelease = /-(.*)$/.exec(version)?.[1]
  // Not what npm would read as a range of versions: a number, `v1` or `x`.
  if (preRelease !== undefined) return /^[a-z]{2,}/i.exec(preRelease)?.[0] ?? 'next'
  const [major, minor] = version.split('.')
  const higher = published.filter(other => !other.includes('-') && compare(other, version) > 0)
  if (higher.length === 0) return 'latest'
  return higher.some(other => other.startsWith(`${major}.`)) ? `v${major}.${minor}-latest` : `v${major}-latest`
}

function compare (a, b) {
  const [numbersA, numbersB] = [a, b].map(version => version.split('.').map(Number))
  const index = numbersA.findIndex((number, index) => number !== numbersB[index])
  return index === -1 ? 0 : numbersA[index] - numbersB[index]
}

/** The versions of a package that npm has: none if nobody has published it. Throws if npm does not know. */
function publishedVersions (name) {
  try {
    return [JSON.parse(npm('view', name, 'versions', '--json'))].flat()
  } catch (error) {
    if (/"code": "E404"/.test(error.stdout)) return []
    throw new Error(`npm does not say which versions of ${name} there are.\n${error.stdout || error.message}`, { cause: error })
  }
}

if (require.main === module) main(async () => console.log(distTagOf(current, publishedVersions(name))))

module.exports = { distTagOf, publishedVersions }
