'use strict'

// What subscribers of the channels are told, on every backend and in every dialect.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { subscribe, tracingChannel, unsubscribe } = require('node:diagnostics_channel')
const { after, afterEach, beforeEach, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { inspect } = require('node:util')
const session = require('express-session')
const { MongoClient } = require('mongodb')

const { runScript } = require('../helpers/child')
const { makeSession, useCollection } = require('../helpers/stores')
const SessionMongooseStore = require('../../session-mongoose')(session)

const OPERATION = 'connect-mongo-native:operation'
const COMMAND = 'connect-mongo-native:command'
const STAGES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

const SID = 'a-whole-session-id-that-nobody-must-see'
const SECRET = 'a secret of the session'

const collection = 'monitoring'
const { backends, keep, legacy, modern, rows, url } = useCollection(collection)

const stores = {
  ...backends,
  'modern on the driver': () => modern({ backend: 'driver' }),
  'modern, encrypted': () => modern({ crypto: { secret: 'foo' } }),
  'modern, with conflicts': () => modern({ conflicts: 'merge' }),
  'session-mongoose': () => keep(new SessionMongooseStore({ url, collection: `${collection}-sm` }))
}

/** What was published since the test began. */
const heard = []
const commands = []
const hearCommand = message => commands.push(message)
const hearers = Object.fromEntries(STAGES.map(stage => [stage, message => heard.push([stage, { ...message }])]))

const endOf = operation => heard.filter(([stage, message]) => stage === 'asyncEnd' && message.operation === operation)
  .map(([, message]) => message)
const commandsOf = name => commands.filter(({ command }) => command === name)
const sum = (list, field) => list.reduce((total, { [field]: number }) => total + number, 0)

function listen () {
  heard.length = 0
  commands.length = 0
  tracingChannel(OPERATION).subscribe(hearers)
  subscribe(COMMAND, hearCommand)
}

/** The core reports a command after the operations that it carried. */
async function hearsOf (command) {
  for (let tries = 0; tries < 200 && !commands.some(heard => heard.command === command); tries++) await sleep(10)
}

function stopListening () {
  tracingChannel(OPERATION).unsubscribe(hearers)
  unsubscribe(COMMAND, hearCommand)
}

beforeEach(() => rows.deleteMany({}))
after(async () => {
  const client = new MongoClient(url)
  await client.db().dropCollection(`${collection}-sm`)
  await client.close()
})

for (const [name, open] of Object.entries(stores)) {
  describe(name, () => {
    beforeEach(listen)
    afterEach(stopListening)

    test('each operation says how it began and ended, and no session or id is in it', async () => {
      const store = open()
      await store.set(SID, makeSession({ text: SECRET }))
      await store.get(SID)
      await store.touch(SID, makeSession({ text: SECRET }))
      await store.all()
      await store.length()
      await store.destroy(SID)
      await store.get(SID)
      await store.ping()
      await store.sweep()
      await store.clear()

      const operations = ['set', 'get', 'touch', 'all', 'length', 'destroy', 'get', 'ping', 'sweep', 'clear']
      const words = ['done', 'found', ...Array(4).fill('done'), 'missing', ...Array(3).fill('done')]
      const ends = heard.filter(([stage]) => stage === 'asyncEnd').map(([, message]) => message)
      assert.deepEqual(ends.map(({ operation }) => operation), operations)
      assert.deepEqual(ends.map(({ outcome }) => outcome), words)
      for (const { duration } of ends) assert.ok(duration > 0 && duration < 30_000, String(duration))
      assert.deepEqual(heard.slice(0, 4).map(([stage]) => stage), ['start', 'end', 'asyncStart', 'asyncEnd'])

      const isMongoose = name === 'session-mongoose'
      const about = {
        backend: / on /.test(name) ? 'driver' : 'native',
        collection: isMongoose ? 'monitoring-sm' : collection,
        dialect: isMongoose ? 'session-mongoose' : name.startsWith('legacy') ? 'legacy' : 'modern'
      }
      const sent = ['update', 'find', 'aggregate', 'delete', 'ping']
      for (const command of sent) assert.ok(commandsOf(command).length > 0, `${command}: ${inspect(commands)}`)
      for (const message of [...heard.map(([, message]) => message), ...commands]) {
        const { backend, collection, dialect } = message
        assert.deepEqual({ backend, collection, dialect }, about)
      }
      const shown = inspect([heard, commands], { depth: Infinity, showHidden: true })
      assert.ok(!shown.includes(SID) && !shown.includes(SECRET), shown)
    })

    test('commands say how many operations they carry, and how many bytes', async () => {
      const store = open()
      await store.ping()
      const text = 'x'.repeat(1000)
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.set(`id-${n}`, makeSession({ text }))))
      await Promise.all(Array.from({ length: 40 }, (_, n) => store.get(`id-${n % 20}`)))
      const [updates, finds] = [commandsOf('update'), commandsOf('find')]
      assert.equal(sum(updates, 'operations'), 20)
      assert.equal(sum(finds, 'operations'), 40)
      assert.ok(finds.length < 40, `${finds.length} commands`)
      // What is encrypted is larger, and what 40 gets share is received once.
      assert.ok(sum(updates, 'bytes') > 20_000 && sum(updates, 'bytes') < 60_000, inspect(updates))
      assert.ok(sum(finds, 'bytes') > 20_000 && sum(finds, 'bytes') < 100_000, inspect(finds))
      for (const { duration, outcome } of commands) {
        assert.ok(duration > 0 && duration < 30_000, String(duration))
        assert.equal(outcome, 'done')
      }
    })
  })
}

test('who fails is told with its error, and what nobody handles is still reported', async () => {
  const { code, stdout, stderr } = await runScript(`
    const { tracingChannel } = require('node:diagnostics_channel')
    const { AsyncResource } = require('node:async_hooks')
    const seen = []
    tracingChannel('${OPERATION}').subscribe({
      asyncEnd: ({ operation, outcome, error }) => seen.push([operation, outcome, error?.name]),
      error: ({ error }) => seen.push(error.name)
    })
    const store = MongoStore.create({
      mongoUrl: 'mongodb://127.0.0.1:1/', mongoOptions: { serverSelectionTimeoutMS: 50 }, operationTimeoutMS: 100
    })
    process.on('unhandledRejection', () => console.log('unhandled'))
    async function whoAsks () { await store.get('one') }
    whoAsks().catch(({ stack }) => {
      console.log(/whoAsks/.test(stack), JSON.stringify(seen))
      store.get('two')
      store.get('three', error => console.log(error.name))
    })`)
  assert.equal(stderr, '')
  assert.equal(code, 0)
  const error = 'MongoServerSelectionError'
  const lines = stdout.trim().split('\n')
  assert.equal(lines[0], `true ${JSON.stringify([error, ['get', 'failed', error]])}`)
  assert.deepEqual(lines.slice(1).sort(), [error, 'unhandled'])
})

for (const backend of ['native', 'driver']) {
  test(`a command that fails as a whole says why: ${backend}`, async () => {
    const store = modern({ backend, autoRemove: 'disabled', collectionName: 'monitoring.$bad' })
    listen()
    try {
      await assert.rejects(store.set('a', makeSession()))
      await hearsOf('update')
    } finally {
      stopListening()
    }
    const [{ outcome, error }] = commandsOf('update')
    assert.equal(outcome, 'failed')
    assert.equal(typeof error.code, 'number', inspect(error))
    assert.equal(endOf('set')[0].error.code, error.code)
  })
}

test('an operation runs in the context that a subscriber binds to it, such as its span', async () => {
  const spans = new AsyncLocalStorage()
  const { start } = tracingChannel(OPERATION)
  start.bindStore(spans, ({ operation }) => `span of ${operation}`)
  let inside
  const transformId = id => {
    inside = spans.getStore()
    return id
  }
  const store = modern({ transformId })
  try {
    await store.get('a')
  } finally {
    start.unbindStore(spans)
  }
  assert.equal(inside, 'span of get')
  assert.equal(spans.getStore(), undefined)
})

test('what was sent before anybody subscribed is not reported', async () => {
  const store = legacy()
  await store.set('a', makeSession())
  listen()
  try {
    await store.get('a')
    await hearsOf('find')
  } finally {
    stopListening()
  }
  assert.deepEqual(commands.map(({ command }) => command), ['find'])
  assert.deepEqual(endOf('get').map(({ outcome }) => outcome), ['found'])
  await store.get('a')
  assert.equal(commands.length, 1)
})

test('a throwing subscriber is the app\'s uncaught exception, and fails no operation', async () => {
  const { stdout } = await runScript(`
    require('node:diagnostics_channel').subscribe('${COMMAND}', () => { throw new Error('mine') })
    process.on('uncaughtException', ({ message }) => console.log(message))
    const store = MongoStore.create({ mongoUrl: url, collectionName: '${collection}' })
    store.get('none').then(session => console.log(session))`)
  assert.deepEqual(stdout.trim().split('\n').sort(), ['mine', 'null'])
})

test('without the addon', async () => {
  const { stdout, stderr } = await runScript(`
    const { subscribe } = require('node:diagnostics_channel')
    const { MongoClient } = require('mongodb')
    const seen = []
    subscribe('tracing:${OPERATION}:asyncEnd', ({ operation, outcome }) => seen.push([operation, outcome]))
    subscribe('${COMMAND}', ({ command, operations }) => seen.push([command, operations]))
    const store = MongoStore.create({ client: new MongoClient(url), collectionName: '${collection}' })
    const run = async () => {
      await store.set('a', { cookie: {} })
      await store.get('a')
      await store.close()
      console.log(JSON.stringify(seen))
    }
    run()`, { env: { CONNECT_MONGO_NATIVE_LIBRARY_PATH: '/nowhere' } })
  assert.match(stderr, /CONNECT_MONGO_NO_ADDON/)
  const seen = [['update', 1], ['set', 'done'], ['find', 1], ['get', 'found'], ['close', 'done']]
  assert.deepEqual(JSON.parse(stdout), seen)
})
