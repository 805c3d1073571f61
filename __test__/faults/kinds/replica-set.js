'use strict'

// What members of a replica set do to their clients. Writes are acknowledged by a majority, journalled.

const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')
const { startReplicaSet } = require('../../helpers/mongod')

/** Between two faults. Milliseconds. */
const PAUSE_MS = 500

/** The operation timeout: longer than an election takes on a busy machine. */
const PATIENT_MS = 15_000

const replicaSet = {
  topology: 'replica set',
  query: { w: 'majority', journal: true, retryWrites: true },
  timeoutMS: PATIENT_MS,
  async start () {
    // A checkpoint every second: see backends/failover.test.js.
    const server = await startReplicaSet({ count: 3, args: ['--syncdelay', '1'] })
    return { server, uri: server.uri, settle: () => server.caughtUp(), stop: () => server.stop() }
  }
}

/** A fault that happens `times` times to whoever is the primary. */
function againstPrimary (strike) {
  return async ({ server, times }) => {
    for (let n = 0; n < times; n++) {
      await sleep(PAUSE_MS)
      await strike(await server.primary(), server)
      await server.primary()
      await sleep(PAUSE_MS)
      await server.caughtUp()
    }
  }
}

async function command (member, ...args) {
  const client = new MongoClient(member.uri, { directConnection: true })
  try {
    return await client.db('admin').command(...args)
  } finally {
    await client.close()
  }
}

module.exports = {
  'the primary is killed': {
    ...replicaSet,
    times: 20,
    pauseMS: 10,
    run: againstPrimary(async (primary, server) => {
      await primary.kill()
      await server.primary()
      await sleep(PAUSE_MS)
      await primary.restart()
    })
  },
  'the primary freezes for 6 s': {
    ...replicaSet,
    times: 2,
    run: againstPrimary(async primary => {
      primary.freeze()
      await sleep(6000)
      primary.thaw()
    })
  },
  'the primary steps down': {
    ...replicaSet,
    times: 3,
    run: againstPrimary(primary => command(primary, { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 2, force: true }))
  },
  'all members restart, one by one': {
    ...replicaSet,
    times: 1,
    async run ({ server, times }) {
      for (let n = 0; n < times; n++) {
        for (const member of server.members) {
          await sleep(PAUSE_MS)
          await member.shutdown()
          await sleep(PAUSE_MS)
          await member.restart()
          await server.primary()
          await server.caughtUp()
        }
      }
    }
  },
  'two of three members are slow': {
    ...replicaSet,
    times: 1,
    async run ({ server, times }) {
      for (let n = 0; n < times; n++) {
        const primary = await server.primary()
        const slow = server.members.filter(member => member !== primary)
        const until = Date.now() + 8000
        while (Date.now() < until) {
          for (const member of slow) member.freeze()
          await sleep(200)
          for (const member of slow) member.thaw()
          await sleep(50)
        }
      }
      await sleep(PAUSE_MS)
    }
  },
  'no primary for longer than the deadline': {
    ...replicaSet,
    timeoutMS: 3000,
    times: 1,
    async run ({ server, times }) {
      for (let n = 0; n < times; n++) {
        await sleep(PAUSE_MS)
        const [, ...others] = server.members
        await Promise.all(others.map(member => member.kill()))
        await sleep(5000)
        await Promise.all(others.map(member => member.restart()))
        await server.primary()
        await server.caughtUp()
      }
    }
  }
}
