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

test('wrong usage ends with 2, and says what is right', async () => {
  const wrong = [
    [[], /The command is missing: .*list/],
    [['lst'], /no lst; did you mean list\?/],
    [['help', 'clea'], /no clea; did you mean clear\?/],
    [['--json', 'list'], /command comes first/],
    [['list', '--show-id'], /no --show-id; did you mean --show-ids\?/],
    [['list', '-x'], /no -x/],
    [['list', '--json=yes'], /--json takes no value/],
    [['list', '--collection'], /--collection takes a value/],
    [['list', '--collection', '--json'], /--collection takes a value/],
    [['list', '--json', '--json'], /--json is there twice/],
    [['list', 'sessions'], /What is sessions\?/],
    [['list', 'an-id-of-a-session-is-longer'], /What is an-id-…\?/],
    [['list', '--limit', 'x'], /--limit must be a number/],
    [['list', '--backend', 'drivr'], /--backend must be native or driver; did you mean driver\?/],
    [['show', '-abcdef'], /There is no -a\. What begins with a - and is no option goes behind --/],
    [['destroy', '-hbcdef'], /There is no -b\. What begins with a -/],
    [['show'], /The id of a session is missing/],
    [['list'], /Set MONGODB_URL/, { MONGODB_URL: '' }],
    [['list'], /connection string/i, { MONGODB_URL: 'http://localhost' }]
  ]
  const ended = await Promise.all(wrong.map(([args, , env]) => command(args, { env })))
  for (const [index, [args, message]] of wrong.entries()) {
    const { code, stdout, stderr } = ended[index]
    assert.equal(code, 2, `${args}: ${stderr}`)
    assert.match(stderr, message)
    assert.match(stderr, /^Usage: /m)
    assert.equal(stdout, '')
  }
})

test('a password is never printed, and one among the arguments is pointed out', async () => {
  const url = 'mongodb://user:hunter2@127.0.0.1:9/x?serverSelectionTimeoutMS=200'
  for (const name of ['list', 'clear', 'sweep']) {
    const given = await command([name, '--url', url])
    assert.equal(given.code, 1)
    assert.match(given.stderr, /--url can be seen in the process list/)
    const fromEnvironment = await command([name], { env: { MONGODB_URL: url } })
    assert.equal(fromEnvironment.code, 1)
    assert.doesNotMatch(fromEnvironment.stderr, /process list/)
    for (const { stdout, stderr } of [given, fromEnvironment]) assert.ok(!`${stdout}${stderr}`.includes('hunter2'))
  }
})
