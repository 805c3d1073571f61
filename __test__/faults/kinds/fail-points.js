'use strict'

// Commands that the server itself makes fail, in the middle of a batch too.

const { setTimeout: sleep } = require('node:timers/promises')
const { startReplicaSet } = require('../../helpers/mongod')
const { DATABASE } = require('../../helpers/stores')

/** src/command/error_codes.rs and lib/backends/driver/errors.js name them. */
const RETRYABLE = [11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262]

const COMMANDS = ['update', 'delete', 'find']

const oneMember = {
  topology: 'replica set of one',
  query: { w: 'majority', retryWrites: true, directConnection: true },
  timeoutMS: 10_000,
  async start () {
    const server = await startReplicaSet({ count: 1, args: ['--setParameter', 'enableTestCommands=1'] })
    return { server, uri: server.uri, stop: () => server.stop() }
  }
}

/** After three deadlines. Milliseconds. */
const LATE_MS = 1500

/** Of every `one in` commands or statements one is hit. */
function sometimes (oneIn) {
  return { activationProbability: 1 / oneIn }
}

async function failing (admin, name, mode, data, durationMS) {
  await admin.command({ configureFailPoint: name, mode, data })
  await sleep(durationMS)
  await admin.command({ configureFailPoint: name, mode: 'off' })
}

/** Between two fail points, for what they have disturbed to go on. Milliseconds. */
const PAUSE_MS = 50

/** Once for each of the codes in turn, on the collection of one of the stores. */
function withEachCode (strike) {
  return async ({ admin, times, runs, random }) => {
    for (let n = 0; n < times; n++) {
      const { collection } = runs[Math.floor(random() * runs.length)]
      await strike(admin, { errorCode: RETRYABLE[n % RETRYABLE.length], namespace: `${DATABASE}.${collection}` })
      await sleep(PAUSE_MS)
    }
  }
}

module.exports = {
  'commands fail with each retryable code': {
    ...oneMember,
    times: 10 * RETRYABLE.length,
    run: withEachCode((admin, { errorCode, namespace }) => {
      const data = { failCommands: COMMANDS, errorCode, errorLabels: ['RetryableWriteError'], namespace }
      return failing(admin, 'failCommand', { times: 2 }, data, 50)
    })
  },
  'batches fail half-way with each retryable code': {
    ...oneMember,
    times: 5 * RETRYABLE.length,
    run: withEachCode((admin, { errorCode }) => {
      const data = { failBeforeCommitExceptionCode: errorCode, closeConnection: false }
      return failing(admin, 'onPrimaryTransactionalWrite', sometimes(40), data, 100)
    })
  },
  'connections break half-way through batches': {
    ...oneMember,
    times: 10,
    async run ({ admin, times }) {
      for (let n = 0; n < times; n++) {
        await failing(admin, 'onPrimaryTransactionalWrite', sometimes(40), { closeConnection: true }, 300)
        await sleep(100)
      }
    }
  },
  'writes arrive after their deadline': {
    ...oneMember,
    timeoutMS: 500,
    times: 10,
    async run ({ admin, times, runs }) {
      // So many that some of a store's server sessions are not used again before the late writes arrive.
      const late = { times: 8 * runs.length }
      const data = { failCommands: ['update', 'delete'], blockConnection: true, blockTimeMS: LATE_MS }
      for (let n = 0; n < times; n++) {
        await failing(admin, 'failCommand', late, data, 400)
        await sleep(500)
      }
      await sleep(LATE_MS)
    }
  },
  'server sessions are ended': {
    ...oneMember,
    times: 30,
    async run ({ admin, times }) {
      for (let n = 0; n < times; n++) {
        await sleep(200)
        const local = await admin.aggregate([{ $listLocalSessions: { allUsers: true } }]).toArray()
        const lsids = local.map(({ _id }) => ({ id: _id.id }))
        await admin.command({ endSessions: lsids })
        await admin.command({ refreshLogicalSessionCacheNow: 1 })
        await admin.command({ reapLogicalSessionCacheNow: 1 })
      }
    }
  },
  'server sessions are killed': {
    ...oneMember,
    failsFinds: true,
    times: 30,
    async run ({ admin, times }) {
      for (let n = 0; n < times; n++) {
        await sleep(200)
        await admin.command({ killAllSessions: [] })
      }
    }
  }
}
