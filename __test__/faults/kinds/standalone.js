'use strict'

// What happens to a server that is alone. Writes are acknowledged when they are in the journal: without that,
// a SIGKILL takes the last 100 ms of acknowledged writes with it.

const { setTimeout: sleep } = require('node:timers/promises')
const { startStandalone } = require('../../helpers/mongod')

const PAUSE_MS = 500
const TIMEOUT_MS = 3000

/** Operations are short: some are made slower, and still some are gone before they are killed. */
const KILL_LIMIT_MS = 10_000

const standalone = {
  topology: 'standalone',
  query: { journal: true },
  timeoutMS: TIMEOUT_MS,
  async start () {
    const server = await startStandalone({ args: ['--setParameter', 'enableTestCommands=1'] })
    return { server, uri: server.uri, stop: () => server.stop() }
  }
}

function repeatedly (strike) {
  return async scene => {
    for (let n = 0; n < scene.times; n++) {
      await sleep(PAUSE_MS)
      await strike(scene)
    }
    await sleep(PAUSE_MS)
  }
}

module.exports = {
  'a standalone server is killed': {
    ...standalone,
    timeoutMS: 15_000,
    times: 4,
    run: repeatedly(async ({ server }) => {
      await server.kill()
      await sleep(PAUSE_MS)
      await server.restart()
    })
  },
  'a standalone server is down for longer than the deadline': {
    ...standalone,
    times: 2,
    run: repeatedly(async ({ server }) => {
      await server.shutdown()
      await sleep(TIMEOUT_MS + 1500)
      await server.restart()
    })
  },
  'a standalone server freezes for longer than the deadline': {
    ...standalone,
    times: 2,
    run: repeatedly(async ({ server }) => {
      server.freeze()
      await sleep(TIMEOUT_MS + 1500)
      server.thaw()
    })
  },
  'a standalone server freezes for 2 s': {
    ...standalone,
    exactResults: true,
    times: 3,
    run: repeatedly(async ({ server }) => {
      server.freeze()
      await sleep(2000)
      server.thaw()
    })
  },
  'the disk is locked for 2 s (fsyncLock)': {
    ...standalone,
    exactResults: true,
    times: 3,
    run: repeatedly(async ({ admin }) => {
      await admin.command({ fsync: 1, lock: true })
      await sleep(2000)
      await admin.command({ fsyncUnlock: 1 })
    })
  },
  'operations are killed (killOp)': {
    ...standalone,
    failsFinds: true,
    exactResults: true,
    times: 200,
    async run ({ admin, times, runs }) {
      const names = runs.map(({ collection }) => collection)
      const isTheirs = ({ command = {} }) => names.includes(command.find ?? command.update ?? command.delete)
      const slow = { failCommands: ['find', 'update', 'delete'], blockConnection: true, blockTimeMS: 50 }
      await admin.command({ configureFailPoint: 'failCommand', mode: { activationProbability: 0.3 }, data: slow })
      const deadline = Date.now() + KILL_LIMIT_MS
      let killed = 0
      while (killed < times && Date.now() < deadline) {
        const { inprog } = await admin.command({ currentOp: true, active: true })
        const theirs = inprog.filter(isTheirs)
        await Promise.all(theirs.map(({ opid }) => admin.command({ killOp: 1, op: opid })))
        killed += theirs.length
      }
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
      return killed
    }
  },
  'the collection is dropped': {
    ...standalone,
    exactResults: true,
    times: 20,
    run: repeatedly(({ db, runs }) => Promise.all(runs.map(({ recorder, collection }) =>
      recorder.drop(() => db.collection(collection).drop().catch(notThere)))))
  },
  'the database is dropped': {
    ...standalone,
    exactResults: true,
    times: 20,
    run: repeatedly(({ db, runs }) => {
      const dropped = db.dropDatabase()
      return Promise.all(runs.map(({ recorder }) => recorder.drop(() => dropped)))
    })
  }
}

/** Nothing was stored since it was dropped last. */
function notThere (error) {
  if (error.codeName !== 'NamespaceNotFound') throw error
}
