'use strict'

// npm runs this before `npm publish` in a clone, which would publish a package without its addons.

console.error('To publish, run the release workflow on a tag: docs/releasing.md. `npm run release:publish` tries it.')
process.exitCode = 1
