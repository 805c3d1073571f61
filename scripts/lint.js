'use strict'

// npm run lint: all checks, even when one fails. `npm run lint -- --fix` mends what the formatters can.

const { ensureDependencies } = require('./dependencies')
const { main, run } = require('./run')

const fix = process.argv.includes('--fix')

const CHECKS = {
  rustfmt: ['cargo', 'fmt', '--all', ...(fix ? [] : ['--check'])],
  clippy: ['cargo', 'clippy', '--workspace', '--locked', '--all-targets', '--profile', 'testing', '--', '-D', 'warnings'],
  imports: [process.execPath, 'scripts/check-imports.js'],
  eslint: [process.execPath, 'node_modules/eslint/bin/eslint.js', '--max-warnings=0', ...(fix ? ['--fix'] : []), '.'],
  tsc: [process.execPath, 'node_modules/typescript/bin/tsc', '--project', 'tsconfig.json'],
  workflows: [process.execPath, 'scripts/lint-workflows.js'],
  lockfile: [process.execPath, 'node_modules/lockfile-lint/bin/lockfile-lint.js', '--path', 'package-lock.json', '--type', 'npm',
    '--validate-integrity']
}

main(async () => {
  await ensureDependencies()
  const failed = []
  for (const [name, [command, ...args]] of Object.entries(CHECKS)) {
    const code = await run(command, args)
    if (code > 128) return code
    if (code !== 0) failed.push(name)
  }
  if (failed.length > 0) throw new Error(`Not clean: ${failed.join(', ')}`)
  console.log('Clean.')
})
