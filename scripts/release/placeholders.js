'use strict'

/**
 * What stands where only a release knows better: the repository's owner, and the day. Returns what is to be
 * done about it, in sentences; none if the version can be published. `changelog`: the text.
 */
function placeholdersIn ({ version, repository }, changelog) {
  const heading = changelog.split('\n').find(line => line.startsWith(`## [${version}]`))
  return [
    /github\.com\/OWNER\//.test(repository.url) &&
      'package.json names no repository: put its owner in place of OWNER everywhere, as docs/releasing.md says.',
    !/ - \d{4}-\d{2}-\d{2}$/.test(heading) &&
      `CHANGELOG.md does not say when ${version} is released: make its heading "## [${version}] - <date>".`
  ].filter(Boolean)
}

module.exports = { placeholdersIn }
