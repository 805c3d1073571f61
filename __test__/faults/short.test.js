'use strict'

// Random calls while something breaks, on both backends and in all three dialects at once: promises are kept.
// What takes longer is in `npm run test:faults`.

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')

const { sharedUri, startReplicaSet } = require('../helpers/mongod')
const { Proxy } = require('../helpers/proxy')
const faults = require('./kinds')
const { runTrial } = require('./trial')

/** Another every day: what fails names it. */
const SEED = Math.floor(Date.now() / 86_400_000)

const OURS = ['core', 'borrowed']

async function isKept (name, { start, times, seed = SEED }) {
  const fault = { ...faults[name], ...start && { start } }
  const result = await runTrial(fault, OURS, { seed, times, clients: 48, pauseMS: 20 })
  const { violations, operations, acknowledged } = result
  const shown = violations.slice(0, 5).map(violation => JSON.stringify(violation))
  assert.equal(violations.length, 0, `seed ${seed}:\n${shown.join('\n')}`)
  assert.ok(operations > 200 && acknowledged > operations / 2, `${acknowledged} of ${operations} acknowledged`)
}

describe('a replica set of one', () => {
  let server
  let proxy

  before(async () => {
    server = await startReplicaSet({ count: 1, args: ['--setParameter', 'enableTestCommands=1'] })
    proxy = await Proxy.start(server.ports[0])
  })
  after(async () => {
    await proxy?.stop()
    await server?.stop()
  })

  const stop = async () => {}
  const itself = async () => ({ server, uri: server.uri, stop })
  const throughProxy = async () => ({ server, proxy, uri: `mongodb://${proxy.host}/`, directUri: server.uri, stop })

  for (const [name, times] of Object.entries({
    'writes arrive after their deadline': 2,
    'batches fail half-way with each retryable code': 6,
    'connections break half-way through batches': 4
  })) test(name, () => isKept(name, { start: itself, times }))

  for (const [name, times] of Object.entries({
    'connections are cut': 3,
    'connections are cut within messages': 3
  })) test(name, () => isKept(name, { start: throughProxy, times }))
})

describe('a standalone server', () => {
  const shared = async () => ({ uri: sharedUri(), stop: async () => {} })

  test('the collection is dropped', () => isKept('the collection is dropped', { start: shared, times: 3 }))
  test('is killed', () => isKept('a standalone server is killed', { times: 1 }))
})
