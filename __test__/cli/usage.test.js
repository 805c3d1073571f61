'use strict'

// What every command of npx connect-mongo-native has in common.

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { commands } = require('../../lib/cli/commands')
const { version } = require('../../package.json')
const { command } = require('../helpers/command-line')

test('--version and -v print the version', async () => {
  for (const option of ['--version', '-v']) {
    assert.deepEqual(await command([option]), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
  }
})

test('help, --help and -h name every command', async () => {
  for (const option of ['help', '--help', '-h']) {
    const { code, stdout } = await command([option])
    assert.equal(code, 0)
    assert.match(stdout, /^Usage: connect-mongo-native <command>/)
    for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
  }
})

test('each command has help of its own, asked for in three ways', async () => {
  for (const name of Object.keys(commands)) {
    const [help, ...others] = await Promise.all([['help', name], [name, '--help'], [name, '-h']].map(args => command(args)))
    assert.equal(help.code, 0)
    assert.match(help.stdout, new RegExp(`^Usage: connect-mongo-native ${name} `))
    for (const other of others) assert.deepEqual(other, help)
  }
})
