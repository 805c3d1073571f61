'use strict'

// What `npm start`, `npm test` and `npm run bench` have started ends with them, however they end.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')

const { createStandalone } = require('../../scripts/mongodb')
const { assertGone } = require('../helpers/processes')

const scripts = path.join(__dirname, '..', '..', 'scripts')

/** Runs a script, below the commands of `wrapper`. Resolves with it and the first line that it prints. */
async function start (source, wrapper = []) {
  const [command, ...args] = [...wrapper, process.execPath]
  const child = spawn(command, [...args, '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  return { child, line }
}

/** npm gives the signal to the shell between it and the script. The `:` keeps a shell from being replaced. */
const SHELL = ['sh', '-c', '"$@"; :', 'sh']

for (const [name, call] of Object.entries({
  'a step of the set-up': "step('sh', args)",
  'a command': "run('sh', args)"
})) {
  test(`${name} ends with the shell of npm, and what it has started`, { skip: process.platform === 'win32' }, async () => {
    const { child, line } = await start(`
      const { main, run, step } = require(${JSON.stringify(path.join(scripts, 'run.js'))})
      const args = ['-c', 'sleep 1000 & echo $!; wait']
      main(async () => { await ${call} })`, SHELL)
    child.kill('SIGTERM')
    await assertGone(Number(line))
  })
}

test('a server ends with the process that started it, even if both are beyond signals', { skip: process.platform === 'win32' }, async () => {
  const { child, line } = await start(`
    const { createStandalone } = require(${JSON.stringify(path.join(scripts, 'mongodb.js'))})
    createStandalone().then(server => {
      const { pid } = server.instanceInfo.instance.mongodProcess
      process.kill(pid, 'SIGSTOP')
      console.log(pid)
    })`)
  child.kill('SIGKILL')
  await assertGone(Number(line))
})

test('a second server on the same data says who has it', async t => {
  const dbPath = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-data-'))
  const server = await createStandalone({ dbPath })
  t.after(async () => {
    await server.stop({ doCleanup: false })
    fs.rmSync(dbPath, { recursive: true })
  })
  const { pid } = server.instanceInfo.instance.mongodProcess
  await assert.rejects(createStandalone({ dbPath }), error => {
    assert.ok(error.message.startsWith(`Another mongod (process ${pid}) works in ${dbPath}: the demo`), error.message)
    return true
  })
})
